"""What this process may use of the machine's memory, and what the system did about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60  # the first version of cgroups says "no limit" as a number near 2^63


@dataclass(frozen=True)
class MemoryLimit:
    """Memory that is left.

    Attributes:
        bytes: how much.
        reason: what sets the limit.
        alone: whether it is a limit of each process, not of all together.
    """

    bytes: int
    reason: str
    alone: bool = False


def memory_limits() -> list[MemoryLimit]:
    """Every limit that is known here; none where the system does not tell."""
    return [*_free(), *_of_groups(), *_of_addresses()]


def out_of_memory_kills() -> int | None:
    """How many processes the system has ended for want of memory since it started."""
    for line in _lines(Path("/proc/vmstat")):
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return None


def _free() -> Iterator[MemoryLimit]:
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            yield MemoryLimit(int(line.split()[1]) * 1024, "the memory that this machine has free")


def _of_groups() -> Iterator[MemoryLimit]:
    """Of the control groups that this process is in, from the innermost outwards."""
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        if not controllers:  # the second version has one tree for all
            root, names = _CGROUPS, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root = _CGROUPS / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder != root and root not in folder.parents:
                break
            yield from _of_group(folder, *names)


def _of_group(folder: Path, limit: str, usage: str) -> Iterator[MemoryLimit]:
    most, used = (_number(folder / name) for name in (limit, usage))
    if most is None or used is None or most >= _UNLIMITED:
        return
    # The cache of files counts as used, and is given up for whoever needs memory.
    cache = sum(
        int(line.split()[1])
        for line in _lines(folder / "memory.stat")
        if line.split()[0] in ("inactive_file", "active_file")
    )
    yield MemoryLimit(
        max(0, most - max(0, used - cache)), f"the memory limit of the group {folder}"
    )


def _of_addresses() -> Iterator[MemoryLimit]:
    try:
        import resource
    except ImportError:  # not on every system
        return
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    used = _number(Path("/proc/self/statm"))
    if most != resource.RLIM_INFINITY and used is not None:
        left = max(0, most - used * resource.getpagesize())
        yield MemoryLimit(left, "the limit of this shell (ulimit -v)", alone=True)


def _number(path: Path) -> int | None:
    for line in _lines(path):
        first = line.split()[0]
        return int(first) if first.isdigit() else None
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError):
        return []
