"""Processes that are asked to stop, killed, or left without memory."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import uuid
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from random import Random

from tests.faults import sweeps
from tests.faults.fault import Fault, Outcome
from tests.faults.stored import found, recorded
from tests.faults.sweeps import (
    EXPECTED,
    INLINE,
    SWEEP,
    Child,
    Hit,
    compared,
    ended,
    fresh,
    in_a_row,
    message,
    sweeping,
    until,
)

GO_ON = r"stopped; (what is recorded stays|0 runs are recorded)\. Go on with: xorlab -m"
WORKERS = "hydra.launcher.workers=2"
_AT_ONCE = 15.0  # seconds, on a busy machine


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
    """Wait until some more runs are recorded; returns the processes that are there then."""
    have = recorded(folder / "mlflow.db")
    some = have + rng.randrange(max(1, (EXPECTED - have) // 4))
    until(
        lambda: (
            child.poll() is not None
            or (recorded(folder / "mlflow.db") >= some and len(workers(child)) > 0)
        ),
        "the sweep does not get on",
        child,
    )
    time.sleep(rng.uniform(0, 0.05))
    return family(child.pid)


def asked_to_stop(number: int, code: int) -> Hit:
    """Ask it to stop: it says how to go on, and leaves no process behind."""

    def hit(folder: Path, rng: Random) -> str | None:
        with sweeping(folder, *SWEEP, WORKERS) as child:
            there = _at_a_moment(folder, child, rng)
            child.kill(number)
            if child.wait() == 0:
                return None
            assert child.code == code, child.printed()
            until(lambda: gone(there), "workers are left", child)
        return message(child)

    return hit


def killed(with_workers: bool) -> Hit:
    """Kill the parent: its workers end, and the next start says what it had left."""

    def hit(folder: Path, rng: Random) -> str | None:
        with sweeping(folder, *SWEEP, WORKERS) as child:
            there = _at_a_moment(folder, child, rng)
            if with_workers:
                _kill(workers(child))
            child.kill()
            if child.wait() == 0:
                return None
            assert child.code == -signal.SIGKILL
            until(lambda: gone(there), "workers outlive their parent", child)
        return message_of_next_start(folder)

    return hit


def message_of_next_start(folder: Path) -> str:
    """A killed process says nothing. The next start does, whatever it is to do itself."""
    left = found(folder / "mlflow.db").others.count("RUNNING")
    next_ = ended(folder, "-m", "seed=0", "training.epochs=1", "task=and", INLINE)
    lines = [line for line in next_.printed().splitlines() if "marked KILLED" in line]
    return lines[0] if lines else f"(killed before it had begun: {left} runs are left behind)"


def killed_workers(folder: Path, rng: Random) -> Outcome:
    """Kill workers again and again: each costs its shard one more try."""
    fresh(folder)
    count = 0
    with sweeping(folder, *SWEEP, WORKERS) as child:
        for _ in range(sweeps.ROW):
            _at_a_moment(folder, child, rng)
            count += _kill(workers(child)[:1])
            time.sleep(0.2)  # the same shard is not to be met twice
        child.wait()
    lines = child.printed().splitlines()
    line = next(line for line in lines if line.startswith(("error in ", f"{EXPECTED} runs in ")))
    again = ended(folder, *SWEEP, WORKERS, "tracking.existing=retry")
    assert again.code == 0, again.printed()
    assert count > 0, "no worker was met"
    hint = rf"^{EXPECTED} runs in .* s: .*|exit code -9: it was killed"
    return compared(found(folder / "mlflow.db"), [line] * count, hint)


def fork_servers(child: Child) -> list[int]:
    """The process that its workers are forked from, if it is there."""
    pids = family(child.pid)
    parents = {_parent(pid) for pid in pids}
    return [pid for pid in pids if _parent(pid) == child.pid and pid in parents]


def ended_at_once(child: Child) -> bool:
    """Interrupt a sweep, which ends soon; False if it had ended before."""
    child.kill(signal.SIGINT)
    began = time.monotonic()
    if child.wait() == 0:
        return False
    assert child.code == 130, child.printed()
    assert time.monotonic() - began < _AT_ONCE, child.printed()
    return True


def stopped_fork_server(folder: Path, rng: Random) -> str | None:
    """Stop it, then ask the sweep to stop: that waits for no answer, and leaves no process."""
    with sweeping(folder, *SWEEP, WORKERS) as child:
        there = _at_a_moment(folder, child, rng)
        for pid in fork_servers(child):
            os.kill(pid, signal.SIGSTOP)
        if not ended_at_once(child):
            return None
        until(lambda: gone(there), "processes are left", child)
    return message(child)


def killed_fork_server(folder: Path, rng: Random) -> Outcome:
    """Kill it again and again: workers that are there go on, and others get a new one."""
    fresh(folder)
    count = 0
    with sweeping(folder, *SWEEP, WORKERS) as child:
        for _ in range(sweeps.ROW):
            _at_a_moment(folder, child, rng)
            count += _kill(fork_servers(child))
            count += _kill(workers(child)[:1])
            time.sleep(0.2)
        child.wait()
    lines = child.printed().splitlines()
    line = next((line for line in lines if line.startswith(f"{EXPECTED} runs in ")), message(child))
    again = ended(folder, *SWEEP, WORKERS, "tracking.existing=retry")
    assert again.code == 0, again.printed()
    assert count > 0, "nothing was met"
    return compared(found(folder / "mlflow.db"), [line] * count, rf"^{EXPECTED} runs in .* s: .*")


_GROUPS = Path("/sys/fs/cgroup/memory")  # of the first version; the second may not be divided here


@cache
def no_groups() -> str | None:
    """Why a limit of memory cannot be set here; None if it can."""
    try:
        with memory_group():
            return None
    except OSError:
        return "control groups of memory cannot be made here"


@contextlib.contextmanager
def memory_group() -> Iterator[Path]:
    """Within: a control group of memory of its own."""
    group = _GROUPS / f"xorlab-{uuid.uuid4().hex[:8]}"
    if not (_GROUPS / "memory.limit_in_bytes").exists():
        raise OSError("there are no such groups")
    group.mkdir()
    try:
        yield group
    finally:
        until(lambda: not (group / "cgroup.procs").read_text(), "the group is not empty")
        group.rmdir()


def too_little_memory(folder: Path, rng: Random) -> str | None:
    """A limit below what the sweep needs: it is refused before anything starts."""
    with memory_group() as group:
        (group / "memory.limit_in_bytes").write_text(str(rng.randrange(60, 300) << 20))
        enter = partial((group / "cgroup.procs").write_text, "0")
        child = ended(folder, *SWEEP, WORKERS, limit=enter)
    assert child.code == 2, child.printed()
    return message(child)


def _kill(pids: list[int]) -> int:
    count = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            count += 1
    return count


TOO_MUCH = "this would need about .* of memory, and the memory limit .* What needs less: fewer"
LEFT = r"1 run that a killed process left behind is marked KILLED|begun: 0 runs are left behind"
FAULTS = (
    Fault("SIGTERM", in_a_row(asked_to_stop(signal.SIGTERM, 143), GO_ON, WORKERS), 5),
    Fault("Ctrl-C", in_a_row(asked_to_stop(signal.SIGINT, 130), GO_ON, WORKERS), 5),
    Fault("fork server stopped, Ctrl-C", in_a_row(stopped_fork_server, GO_ON, WORKERS), 2),
    Fault("SIGKILL of the fork server", killed_fork_server, 3),
    Fault("SIGKILL of workers", killed_workers, 5),
    Fault("SIGKILL of the parent", in_a_row(killed(False), LEFT, WORKERS), 5),
    Fault("SIGKILL of parent and workers", in_a_row(killed(True), LEFT, WORKERS), 5),
    Fault("too little memory", in_a_row(too_little_memory, TOO_MUCH, WORKERS), 2, no_groups),
)
