"""How long Ctrl-C takes to end each command, in each phase, with a healthy and a hanging server.

Usage: python -m tests.faults.ctrl_c [--moments N] [--only WORD ...]

Ctrl-C goes to all processes of the command, as a terminal sends it. It comes in each phase of the
command, and at moments spread over the time that it takes; with a server that hangs, a second after
it has ceased to answer, in each phase and at requests spread over all of them. Exit code 1 if a
command took longer than 3 s to end, printed a traceback, or left a process behind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from tests.conftest import ROOT
from tests.faults.ctrl_c_commands import PHASES, Command, commands
from tests.helpers.proxies import LATE, PASS, Proxy, proxied
from tests.helpers.servers import serving_store

LONGEST = 3.0  # seconds
_PATIENCE = 60.0
_LINGERING = 5.0  # seconds in which the last process of a command is gone
_HANGS = 600.0  # seconds that a hanging server takes to answer
_INTO = 0.05  # seconds of a phase after which Ctrl-C comes
_HUNG = 1.0  # seconds after which it comes where the server does not answer


@dataclass(frozen=True)
class Ended:
    """How a command ended after Ctrl-C.

    Attributes:
        seconds: that it took to end, after it was interrupted.
        code: its exit code.
        left: processes of its group that were left.
        printed: by it.
        whole: whether it had ended before it could be interrupted.
    """

    seconds: float
    code: int
    left: bool
    printed: str
    whole: bool = False

    @property
    def wrong(self) -> str:
        """What is not as it must be; empty if all is."""
        faults = {
            f"took {self.seconds:.1f} s": self.seconds > LONGEST,
            "left processes": self.left,
            f"ended with {self.code}": self.code not in (130, -signal.SIGINT) and not self.whole,
            "printed a traceback": "Traceback" in self.printed,
        }
        return ", ".join(name for name, is_so in faults.items() if is_so)


def started(
    command: Command, uri: str, folder: Path, watch: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """The command in a process group of its own, run by another module if one is given."""
    arguments = [*command.arguments(), *command.store(uri)]
    return subprocess.Popen(
        [sys.executable, "-m", *watch, command.module, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_with_default_interrupt,
    )


def _with_default_interrupt() -> None:
    """A shell that starts this in the background has it ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupted(child: subprocess.Popen[str]) -> Ended:
    """Press Ctrl-C, and wait for the end."""
    whole = child.poll() is not None
    began = time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    try:
        printed, _ = child.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        printed, _ = child.communicate()
    seconds = time.monotonic() - began
    left = True
    deadline = time.monotonic() + _LINGERING
    while left and time.monotonic() < deadline:
        try:
            os.killpg(child.pid, 0)
            time.sleep(0.02)
        except ProcessLookupError:
            left = False
    if left:
        os.killpg(child.pid, signal.SIGKILL)
    # A command may end by itself while Ctrl-C is on its way.
    return Ended(seconds, child.returncode, left, printed, whole or child.returncode == 0)


def at_moments(command: Command, uri: str, folder: Path, count: int) -> Iterator[tuple[str, Ended]]:
    """Interrupt a command at moments that are spread over the time it takes."""
    began = time.monotonic()
    child = started(command, uri, folder)
    printed, _ = child.communicate(timeout=5 * _PATIENCE)
    if child.returncode:
        raise AssertionError(f"{command.name}: {printed}")
    whole = time.monotonic() - began
    for number in range(count):
        moment = max(0.08, whole * (number + 0.5) / count)
        child = started(command, uri, folder)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(moment)
        yield f"after {moment:.1f} of {whole:.1f} s", interrupted(child)


def at_requests(
    command: Command, proxy: Proxy, folder: Path, count: int
) -> Iterator[tuple[str, Ended]]:
    """Interrupt a command a second after a request that the server does not answer."""
    proxy.rule = lambda number, method, path: PASS
    before = len(proxy.seen)
    child = started(command, proxy.address, folder)
    printed, _ = child.communicate(timeout=5 * _PATIENCE)
    if child.returncode:
        raise AssertionError(f"{command.name}: {printed}")
    requests = len(proxy.seen) - before
    for number in range(count):
        first = len(proxy.seen) + requests * number // count

        def rule(number: int, _method: str, _path: str, first: int = first) -> str:
            return LATE if number >= first else PASS

        proxy.rule = rule
        child = started(command, proxy.address, folder)
        while len(proxy.seen) <= first and child.poll() is None:
            time.sleep(0.02)
        path = proxy.seen[first][1] if len(proxy.seen) > first else "(no such request)"
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_HUNG)
        name = path.partition("?")[0].removeprefix("/api/2.0/").removeprefix("mlflow/")
        yield f"at {name[:40]}", interrupted(child)
    proxy.rule = lambda number, method, path: PASS


def in_phases(
    command: Command, uri: str, folder: Path, hang: Callable[[bool], None] | None = None
) -> Iterator[tuple[str, Ended]]:
    """Interrupt a command in each of its phases.

    Args:
        command: to interrupt.
        uri: of the store.
        folder: where it runs.
        hang: makes the server hang, or answer; None for a healthy store.
    """
    begun = folder / "begun"
    for phase in command.phases:
        begun.unlink(missing_ok=True)
        watch = ("tests.faults.at_phase", str(begun), PHASES[phase])
        child = started(command, uri, folder, watch)
        deadline = time.monotonic() + _PATIENCE
        while not begun.exists() and child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        assert begun.exists(), f"{command.name} does not come to {phase}"
        if hang is not None:
            hang(True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_INTO if hang is None else _HUNG)
        yield phase, interrupted(child)
        if hang is not None:
            hang(False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moments", type=int, default=2, help="how many besides phases")
    parser.add_argument("--only", nargs="*", default=[""], help="commands with this in their name")
    options = parser.parse_args()
    print("| command | store | Ctrl-C | seconds to end | exit code | |")
    print("|---|---|---|---:|---:|---|", flush=True)
    longest, wrong = 0.0, 0
    with tempfile.TemporaryDirectory(prefix="xorlab-ctrl-c-") as name:
        folder = Path(name)
        (folder / "server").mkdir()
        with (
            serving_store(folder / "server", folder / "server" / "mlflow.db") as server,
            proxied(server) as proxy,
        ):
            proxy.delay = _HANGS
            for line, ended in _rows(folder, server, proxy, options.moments, options.only):
                longest, wrong = max(longest, ended.seconds), wrong + bool(ended.wrong)
                print(line, flush=True)
    print(f"\nat most {longest:.1f} s; {wrong} not as it must be")
    return 1 if wrong else 0


def _rows(
    folder: Path, server: str, proxy: Proxy, count: int, only: Sequence[str]
) -> Iterator[tuple[str, Ended]]:
    file = f"sqlite:///{folder / 'mlflow.db'}"
    recorded = {uri: _recorded(uri, folder) for uri in (file, server)}
    recorded[proxy.address] = recorded[server]
    for store, uri in (("file", file), ("server", server), ("hanging server", proxy.address)):
        for command in commands(*recorded[uri], folder):
            named = any(word in command.name for word in only)
            if not named or (command.only_servers and store == "file"):
                continue
            if store == "hanging server":
                spread = at_requests(command, proxy, folder, count) if count else ()
                phases = in_phases(command, uri, folder, partial(_hang, proxy))
            else:
                spread = at_moments(command, uri, folder, count) if count else ()
                phases = in_phases(command, uri, folder)
            for moment, ended in chain(phases, spread):
                code = "(had ended)" if ended.whole else ended.code
                row = (command.name, store, moment, f"{ended.seconds:.1f}", code, ended.wrong)
                yield "| " + " | ".join(map(str, row)) + " |", ended


def _hang(proxy: Proxy, hangs: bool) -> None:
    proxy.rule = lambda number, method, path: LATE if hangs else PASS


def _recorded(uri: str, folder: Path) -> tuple[str, str]:
    """Record a sweep; the id of one of its runs, and its own."""
    import xorlab

    sweep = ("-m", "seed=1,2", "training.epochs=50", "hydra.launcher.executor=inline")
    command = [sys.executable, "-m", "xorlab", *sweep, f"tracking.uri={uri}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    run = xorlab.load_runs(uri).iloc[0]
    return str(run["run_id"]), str(run["sweep"])


if __name__ == "__main__":
    sys.exit(main())
