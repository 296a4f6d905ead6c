"""Sweeps to do harm to: started as processes of their own, and what they leave compared."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import re
import shutil
import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from tempfile import mkdtemp

from tests.faults.fault import Outcome
from tests.faults.stored import Found, Run, found

# Sixteen shards of three runs that take a second or two together.
SWEEP = ("-m", "seed=range(0,6)", "network.hidden=range(2,10)", "training.epochs=5000")
EXPECTED = 48
INLINE = "hydra.launcher.executor=inline"
_PATIENCE = 120  # seconds


@dataclass
class Child:
    """A command in a process, and a process group, of its own.

    Attributes:
        pid: of the process.
        log: the file with all that it prints.
        code: its exit code, negative for a signal; None while it runs.
    """

    pid: int
    log: Path
    code: int | None = field(default=None)

    def poll(self) -> int | None:
        """The exit code, if there is one by now."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def wait(self) -> int:
        """The exit code, once there is one."""
        until(lambda: self.poll() is not None, "a command did not end", self)
        assert self.code is not None
        return self.code

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the process alone."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def printed(self) -> str:
        """All that it has printed."""
        return self.log.read_text(errors="replace")


def start(
    folder: Path,
    *arguments: str,
    limit: Callable[[], None] | None = None,
    module: str = "xorlab.commands.built_in",
) -> Child:
    """Start `xorlab`, or another command, in a folder.

    The process is forked from this one, where all is imported already: that saves the seconds of
    importing MLflow, two hundred times. It has no threads, so nothing is lost on the way.

    Args:
        folder: where it runs.
        arguments: of the command.
        limit: called in the new process before anything else.
        module: whose `main` is the command.
    """
    _prepare()
    log = folder.parent / f"{folder.name}.log"
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return Child(pid, log)
    code = 70  # never seen unless the lines below fail
    try:
        os.setsid()
        os.chdir(folder)
        with log.open("wb", buffering=0) as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        if limit is not None:
            limit()
        sys.argv = ["xorlab", *arguments]
        code = import_module(module).main()
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


@cache
def _prepare() -> None:
    """Import what every sweep needs, once."""
    assert threading.active_count() == 1, "faults are injected from a process without threads"
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for name in (
        "matplotlib.backends.backend_agg",
        "pyarrow.parquet",
        "xorlab.commands.app",
        "xorlab.sweeps.launch",
        "xorlab.sweeps.pipeline",
        "xorlab.sweeps.summary.finish",
    ):
        import_module(name)


def until(condition: Callable[[], bool], complaint: str, child: Child | None = None) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint + (f": {child.printed()}" if child else ""))
        time.sleep(0.005)


def ended(
    folder: Path,
    *arguments: str,
    limit: Callable[[], None] | None = None,
    module: str = "xorlab.commands.built_in",
) -> Child:
    """A command that has ended."""
    child = start(folder, *arguments, limit=limit, module=module)
    child.wait()
    return child


@cache
def _template() -> Path:
    """A new store; making one takes MLflow seconds, copying it none."""
    folder = Path(mkdtemp(prefix="xorlab-faults-"))
    atexit.register(_remove, folder, os.getpid())
    child = ended(folder, "-m", "seed=0", "training.epochs=1", INLINE, "tracking.experiment=t")
    assert child.code == 0, child.printed()
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "mlflow.db"


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder)


def fresh(folder: Path) -> Path:
    """A folder with a store in it, where a sweep costs a second."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_template(), folder / "mlflow.db")
    return folder


@cache
def undisturbed(
    *sweep: str, prepared: Callable[[Path], Path] | None = None
) -> dict[str, list[Run]]:
    """What the sweep leaves where nothing goes wrong."""
    folder = (prepared or fresh)(Path(mkdtemp(prefix="xorlab-faults-")) / "work")
    atexit.register(_remove, folder.parent, os.getpid())
    child = ended(folder, *sweep)
    assert child.code == 0, child.printed()
    return found(folder / "mlflow.db").whole


def compared(
    there: Found,
    messages: Sequence[str],
    hint: str,
    sweep: Sequence[str] = SWEEP,
    prepared: Callable[[Path], Path] | None = None,
) -> Outcome:
    """What faults left, beside what should be there.

    Args:
        there: what stands in the store at last.
        messages: what the command printed after each fault.
        hint: a pattern that all of that must match.
        sweep: that was disturbed.
        prepared: makes a folder for it; None for `fresh`.
    """
    should = undisturbed(*sweep, prepared=prepared)
    ours = {key: runs for key, runs in there.whole.items() if key in should}
    half = sum(run != should[key][0] for key, runs in ours.items() for run in runs)
    return Outcome(
        expected=len(should),
        found=sum(map(len, ours.values())),
        twice=sum(len(runs) - 1 for runs in ours.values()),
        half=half + sum(status == "RUNNING" for status in there.others),
        message=next((line for line in messages if not re.search(hint, line)), messages[-1]),
        hint=hint,
        injected=len(messages),
    )


Hit = Callable[[Path, Random], str | None]


ROW = 5  # faults one after the other before the store is compared; fewer for a quick test


def hits(hit: Hit, folder: Path, rng: Random) -> list[str]:
    """What the command says after each of `ROW` faults; less where it comes to its end before."""
    messages = list(itertools.islice(iter(lambda: hit(folder, rng), None), ROW))
    assert messages, "nothing was injected"
    return messages


def in_a_row(hit: Hit, hint: str, *options: str) -> Callable[[Path, Random], Outcome]:
    """`ROW` faults one after the other in one sweep, which is started again after each.

    Args:
        hit: injects a fault and mends it; what the command said, or None where the sweep had ended
            before anything could happen to it.
        hint: a pattern that all of that must match.
        options: of the start that goes to the end.
    """

    def inject(folder: Path, rng: Random) -> Outcome:
        fresh(folder)
        messages = hits(hit, folder, rng)
        last = ended(folder, *SWEEP, *options)
        assert last.code == 0, last.printed()
        return compared(found(folder / "mlflow.db"), messages, hint)

    return inject


def message(child: Child) -> str:
    """The line that says what happened; a traceback is the worst of messages."""
    text = child.printed()
    if "Traceback (most recent call last)" in text:
        return "Traceback: " + text.strip().rpartition("\n")[2]
    lines = [line for line in text.splitlines() if line.strip()]
    ours = [line for line in lines if line.startswith(("xorlab: ", "stopped; ", "error in "))]
    return (ours or lines or [""])[-1]


@contextlib.contextmanager
def sweeping(
    folder: Path, *arguments: str, limit: Callable[[], None] | None = None
) -> Iterator[Child]:
    """Within: a sweep is at work; after: it is gone, whatever happened."""
    child = start(folder, *arguments, limit=limit)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            child.poll()
