"""Processes that are asked to stop, killed, or left without memory."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from random import Random

from tests.faults.fault import Fault, Outcome
from tests.faults.sweeps import (
    EXPECTED,
    SWEEP,
    Child,
    compared,
    ended,
    fresh,
    recorded,
    start,
    sweeping,
    until,
)

GO_ON = r"stopped; what is recorded stays\. Go on with: xorlab -m"
WORKERS = "hydra.launcher.workers=2"


def family(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for child in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = child.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found += [int(child.parent.name), *family(int(child.parent.name))]
    return found


def workers(child: Child) -> list[int]:
    """Those that train: started by the server of forks, which is the sweep's own."""
    servers = [pid for pid in family(child.pid) if _parent(pid) == child.pid]
    return [pid for pid in family(child.pid) if _parent(pid) in servers]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is left."""
    for pid in pids:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                return False
        except OSError:
            continue
    return True


def _at_a_moment(folder: Path, child: Child, rng: Random) -> list[int]:
    """Wait until some runs are recorded, and a little more; returns the processes then there."""
    some = rng.randrange(EXPECTED * 2 // 3)
    until(
        lambda: child.poll() is not None
        or (recorded(folder / "mlflow.db") >= some and len(workers(child)) > 0),
        "the sweep does not get on", child,
    )  # fmt: skip
    time.sleep(rng.uniform(0, 0.1))
    return family(child.pid)


def _told_to_stop(number: int, code: int):
    def inject(folder: Path, rng: Random) -> Outcome:
        fresh(folder)
        with sweeping(folder, *SWEEP, WORKERS) as child:
            there = _at_a_moment(folder, child, rng)
            child.kill(number)
            assert child.wait() == code, child.printed()
            until(lambda: gone(there), "workers are left", child)
        return _gone_on(folder, child, GO_ON)

    return inject


def _gone_on(folder: Path, child: Child, hint: str) -> Outcome:
    told = Child(child.pid, child.log.rename(f"{child.log}.first"), child.code)
    again = ended(folder, *SWEEP, WORKERS)
    assert again.code == 0, again.printed()
    return compared(folder / "mlflow.db", told, hint)


def _killed(parent: bool, worker: bool):
    def inject(folder: Path, rng: Random) -> Outcome:
        fresh(folder)
        with sweeping(folder, *SWEEP, WORKERS) as child:
            there = _at_a_moment(folder, child, rng)
            if worker:
                for pid in workers(child):
                    _kill(pid)
            if not parent:
                assert child.wait() == 0, child.printed()
                return compared(folder / "mlflow.db", child, r"60 runs in .*|then open http")
            child.kill()
            assert child.wait() == -signal.SIGKILL
            until(lambda: gone(there), "workers outlive their parent", child)
        return _marked(folder)

    return inject


def _marked(folder: Path) -> Outcome:
    """A killed parent says nothing; who starts the sweep again is told what it had left."""
    again = ended(folder, *SWEEP, WORKERS)
    assert again.code == 0, again.printed()
    outcome = compared(folder / "mlflow.db", again, r"killed process left behind are marked KILLED")
    told = [line for line in again.printed().splitlines() if "marked KILLED" in line]
    return Outcome(**vars(outcome) | {"message": (told or ["(killed before it had begun)"])[-1],
                                      "hint": "marked KILLED|killed before it had begun"})  # fmt: skip


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


FAULTS = (
    Fault("SIGTERM", _told_to_stop(signal.SIGTERM, 143), 20),
    Fault("Ctrl-C", _told_to_stop(signal.SIGINT, 130), 20),
    Fault("SIGKILL of the workers", _killed(parent=False, worker=True), 20),
    Fault("SIGKILL of the parent", _killed(parent=True, worker=False), 20),
    Fault("SIGKILL of parent and workers", _killed(parent=True, worker=True), 20),
)
