"""How long Ctrl-C takes to end each command, in each phase, with a healthy and a hanging server.

Usage: python -m tests.faults.ctrl_c [--moments N] [--only WORD ...]

Ctrl-C goes to all processes of the command, as a terminal sends it. With a healthy store it comes
at moments spread over the time that the command takes; with a server that hangs, a second after the
request that is not answered. Exit code 1 if a command took longer than 3 s to end, printed a
traceback, or left a process behind.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.proxies import LATE, PASS, Proxy, proxied
from tests.helpers.servers import serving_store

LONGEST = 3.0  # seconds
_PATIENCE = 60.0
_LINGERING = 5.0  # seconds in which the last process of a command is gone
_HANGS = 600.0  # seconds that a hanging server takes to answer
_NEXT = itertools.count(1)


@dataclass(frozen=True)
class Command:
    """A command to interrupt.

    Attributes:
        name: as the table shows it.
        module: that Python runs.
        arguments: of the command, but for the store; made anew for each start.
        store: how the store is named.
    """

    name: str
    module: str
    arguments: Callable[[], Sequence[str]]
    store: Callable[[str], Sequence[str]]


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


def commands(run_id: Callable[[], str]) -> list[Command]:
    """Every command.

    Args:
        run_id: of a run that is recorded in the store.
    """

    def tracking(uri: str) -> list[str]:
        return [f"tracking.uri={uri}"]

    def uri_option(uri: str) -> list[str]:
        return ["--uri", uri]

    def seeds(count: int) -> str:
        first = 1000 * next(_NEXT)  # else it would find its runs finished
        return f"seed=range({first},{first + count})"

    landscape = [
        *("landscape.x=optimizer.lr", "landscape.x_low=0.1", "landscape.x_high=10"),
        *("landscape.y=init.range", "landscape.y_low=0.1", "landscape.y_high=1"),
        *("init=uniform", "training.epochs=3000", "landscape.width=60", "landscape.height=60"),
    ]
    sweep = ["training.epochs=20000", "network.hidden=2,3"]
    app, pack = "xorlab", "xorlab.commands"
    return [
        Command("run", app, lambda: [f"seed={next(_NEXT)}"], tracking),
        Command("sweep", app, lambda: ["-m", seeds(40), *sweep], tracking),
        Command(
            "sweep in this process",
            app,
            lambda: ["-m", seeds(20), *sweep, "hydra.launcher.executor=inline"],
            tracking,
        ),
        Command("landscape", app, lambda: [f"seed={next(_NEXT)}", *landscape], tracking),
        Command("report", f"{pack}.report", lambda: ["latest", "--out", "report"], uri_option),
        Command("repeat", f"{pack}.repeat", lambda: [run_id()], uri_option),
    ]


def started(command: Command, uri: str, folder: Path) -> subprocess.Popen[str]:
    """The command in a process group of its own."""
    arguments = [*command.arguments(), *command.store(uri)]
    return subprocess.Popen(
        [sys.executable, "-m", command.module, *arguments],
        cwd=folder,
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
            child.wait(1.0)
        name = path.partition("?")[0].removeprefix("/api/2.0/").removeprefix("mlflow/")
        yield f"at {name[:40]}", interrupted(child)
    proxy.rule = lambda number, method, path: PASS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moments", type=int, default=6, help="how many for each command")
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
        for command in commands(lambda uri=uri: recorded[uri]):  # type: ignore[misc]
            if not any(word in command.name for word in only):
                continue
            if store == "hanging server":
                found = at_requests(command, proxy, folder, count)
            else:
                found = at_moments(command, uri, folder, count)
            for moment, ended in found:
                code = "(had ended)" if ended.whole else ended.code
                row = (command.name, store, moment, f"{ended.seconds:.1f}", code, ended.wrong)
                yield "| " + " | ".join(map(str, row)) + " |", ended


def _recorded(uri: str, folder: Path) -> str:
    """Record a sweep; the id of one of its runs."""
    import xorlab

    sweep = ("-m", "seed=1,2", "training.epochs=50", "hydra.launcher.executor=inline")
    command = [sys.executable, "-m", "xorlab", *sweep, f"tracking.uri={uri}"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return str(xorlab.load_runs(uri)["run_id"].iloc[0])


if __name__ == "__main__":
    sys.exit(main())
