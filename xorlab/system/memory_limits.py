"""How much memory this process may use, and whether the system has killed processes for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60  # cgroups v1 writes "no limit" as a number near 2^63
_ALWAYS_FREE = 1 << 26  # bytes


@dataclass(frozen=True)
class MemoryLimit:
    """A limit on memory.

    Attributes:
        bytes: how much may still be used.
        reason: what sets the limit, for messages.
        per_process: whether it holds for each process alone, not for all together.
    """

    bytes: int
    reason: str
    per_process: bool = False


def memory_limits() -> list[MemoryLimit]:
    """Every limit that this system reports; an empty list if it reports none."""
    return [*_free(), *_of_groups(), *_of_addresses()]


def refuse_larger(count: int) -> None:
    """Refuse to read more bytes than this process may still use.

    Raises:
        ValueError: with what it would need, and the limit.
    """
    if count <= _ALWAYS_FREE:  # asking the system takes longer than reading so little
        return
    for limit in memory_limits():
        if count > limit.bytes:
            raise ValueError(
                f"reading it would need {count / 1e9:.1f} GB of memory, and {limit.reason} leaves "
                f"{limit.bytes / 1e9:.1f} GB"
            )


def out_of_memory_kills() -> int | None:
    """How many processes the kernel has killed for lack of memory since boot; None if unknown."""
    for line in _lines(Path("/proc/vmstat")):
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return None


def _free() -> Iterator[MemoryLimit]:
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            yield MemoryLimit(int(line.split()[1]) * 1024, "the memory that this machine has free")


def _of_groups() -> Iterator[MemoryLimit]:
    """Limits of the control groups of this process, innermost first."""
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        if not controllers:  # cgroups v2 has one tree for all controllers
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
    # The page cache counts as used, but the kernel frees it when memory is needed.
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
        yield MemoryLimit(left, "the limit of this shell (ulimit -v)", per_process=True)


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
