"""Signals at random moments of every command, from its first import to its last line."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from random import Random

import xorlab
from tests.faults import sweeps
from tests.faults.fault import Fault, Outcome
from tests.faults.stored import found, without_files
from tests.faults.sweeps import SWEEP, compared, ended, fresh, undisturbed

_PATIENCE = 60.0  # seconds in which a command has ended
_STOPPED = 0.5  # seconds
_LINGERING = 2.0  # seconds in which the last process of a command is gone
# With the exit codes that may follow. HUP ends Python as KILL does; what is stopped goes on.
SIGNALS = {
    signal.SIGKILL: (-signal.SIGKILL,),
    signal.SIGTERM: (143, -signal.SIGTERM),
    signal.SIGINT: (130, -signal.SIGINT),
    signal.SIGHUP: (-signal.SIGHUP,),
    signal.SIGSTOP: (),
}
Command = Callable[[Path], tuple[str, ...]]  # of the folder in which it runs
WORKERS = "hydra.launcher.workers=2"
INLINE = "hydra.launcher.executor=inline"


def started(command: Command, folder: Path) -> subprocess.Popen[str]:
    """A command, as it is installed, in a process group of its own: it ends like in a terminal."""
    name, *arguments = command(folder)
    return subprocess.Popen(
        [str(Path(sys.executable).with_name(name)), *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@cache
def seconds(command: Command) -> float:
    """How long a command takes that nothing disturbs, in a folder like those of the faults."""
    # Not a `TemporaryDirectory`, which a forked process would remove when it ends.
    parent = Path(tempfile.mkdtemp(prefix="xorlab-signals-"))
    try:
        folder = prepared(parent / "work")
        began = time.monotonic()
        child = started(command, folder)
        printed, _ = child.communicate(timeout=5 * _PATIENCE)
        assert child.returncode == 0, printed
        return time.monotonic() - began
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def prepared(folder: Path) -> Path:
    """A folder with a store in which a sweep is recorded."""
    fresh(folder)
    child = ended(folder, *BEFORE)
    assert child.code == 0, child.printed()
    return folder


def struck(command: Command, folder: Path, rng: Random) -> str | None:
    """Send a command a signal at any moment; what it printed, None if it had ended by then."""
    number = rng.choice(list(SIGNALS))
    child = started(command, folder)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(rng.uniform(0.0, seconds(command)))
    hit = child.poll() is None
    # A terminal sends these to all processes of a command.
    whole_group = number in (signal.SIGINT, signal.SIGHUP, signal.SIGSTOP)
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if whole_group else os.kill)(child.pid, number)
        if number == signal.SIGSTOP:
            time.sleep(_STOPPED)
            os.killpg(child.pid, signal.SIGCONT)
    try:
        printed, _ = child.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        raise AssertionError(f"{number.name}: {command(folder)} did not end") from None
    where = f"{number.name}, {command(folder)}: {child.returncode}: {printed}"
    if not (number == signal.SIGINT and _is_pythons(printed)):
        assert child.returncode in (0, *SIGNALS[number]), where
        assert "Traceback" not in printed, where
    deadline = time.monotonic() + _LINGERING
    while not _is_gone(child.pid):
        assert time.monotonic() < deadline, f"processes are left: {where}"
        time.sleep(0.02)
    *_, last = ("", *printed.strip().splitlines())
    return f"{number.name}: {last}" if hit else None


def _is_pythons(printed: str) -> bool:
    """Whether Ctrl-C came while Python itself was starting, before it read a line of xorlab."""
    return "KeyboardInterrupt" in printed and f"{Path(xorlab.__file__).parent}/" not in printed


def _is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def swept(command: Command, folder: Path, rng: Random) -> Outcome:
    """A sweep that is started again after each signal, and then to its end."""
    fresh(folder)
    messages = [struck(command, folder, rng) or "" for _ in range(sweeps.ROW)]
    last = ended(folder, *SWEEP, INLINE)
    assert last.code == 0, last.printed()
    return compared(found(folder / "mlflow.db"), messages, "")


def other(command: Command, whole: Callable[[Path], int], folder: Path, rng: Random) -> Outcome:
    """Another command: it leaves no half of a run, and what was there before."""
    prepared(folder)
    before = found(folder / "mlflow.db")
    messages = [struck(command, folder, rng) or "" for _ in range(sweeps.ROW)]
    # The next start marks what a killed one has left, and the command works as ever.
    assert ended(folder, *BEFORE).code == 0
    last = started(command, folder)
    printed, _ = last.communicate(timeout=5 * _PATIENCE)
    assert last.returncode == 0, printed
    after, should = found(folder / "mlflow.db"), undisturbed(*BEFORE)
    lost = sum(len(runs) > len(after.whole.get(key, [])) for key, runs in before.whole.items())
    half = sum(status in ("RUNNING", "SCHEDULED") for status in after.others)
    half += sum(runs[0] != after.whole[key][0] for key, runs in should.items())
    return Outcome(
        expected=len(before.whole) + 1,
        found=len(before.whole) - lost + whole(folder),
        twice=0,
        half=half + without_files(folder / "mlflow.db"),
        message=next(filter(None, messages), ""),
        hint="",
        injected=len(messages),
    )


def _has(*names: str) -> Callable[[Path], int]:
    return lambda folder: int(all((folder / name).is_file() for name in names))


def _a_run(folder: Path) -> str:
    query = "SELECT run_uuid FROM tags WHERE key = 'xorlab.key' ORDER BY run_uuid LIMIT 1"
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        return str(connection.execute(query).fetchone()[0])


BEFORE = ("-m", "seed=0,1", "training.epochs=50", INLINE)


def _sweep(_folder: Path) -> tuple[str, ...]:
    return ("xorlab", *SWEEP, WORKERS)


def _sweep_inline(_folder: Path) -> tuple[str, ...]:
    return ("xorlab", *SWEEP, INLINE)


def _run(_folder: Path) -> tuple[str, ...]:
    return ("xorlab", "seed=7", "training.epochs=3000")


def _report(_folder: Path) -> tuple[str, ...]:
    return ("xorlab-report", "latest", "--out", "report")


def _repeat(folder: Path) -> tuple[str, ...]:
    return ("xorlab-repeat", _a_run(folder))


FAULTS = (
    Fault("a signal at any moment of a sweep", partial(swept, _sweep), 16),
    Fault("a signal at any moment of a sweep in one process", partial(swept, _sweep_inline), 9),
    Fault("a signal at any moment of a run", partial(other, _run, _has("mlflow.db")), 6),
    Fault(
        "a signal at any moment of a report",
        partial(other, _report, _has("report/report.html", "report/runs.parquet")),
        5,
    ),
    Fault("a signal at any moment of a repeat", partial(other, _repeat, _has("mlflow.db")), 4),
)
