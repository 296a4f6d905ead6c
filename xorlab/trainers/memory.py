"""How much memory a training will need; too much is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xorlab.errors import UsageError, spell
from xorlab.system.memory_limits import MemoryLimit, memory_limits

# Measured: a process that has imported what it needs, and what a run costs beside its curve.
PARENT, WORKER, RUN = 270 << 20, 50 << 20, 2_000
PIXEL = 200  # of a landscape: its arrays and its picture

POINTS_AT_ONCE = 100_000  # recorded in one transaction
MOST_CURVES = 5_000  # in a summary: more change no figure


@dataclass(frozen=True)
class MemoryEstimate:
    """Memory that a training will need, in bytes.

    Attributes:
        parent: of the process that plans and records.
        worker: of each process that trains.
        workers: how many of those there are; 0 where the parent trains.
        key: whose value decides it most, with that value.
        advice: what needs less.
    """

    parent: int
    worker: int
    workers: int
    key: tuple[str, object]
    advice: str = "fewer seeds at a time"

    @property
    def total(self) -> int:
        """Of all processes together."""
        return self.parent + self.workers * self.worker


def refuse_too_much(need: MemoryEstimate, limits: Sequence[MemoryLimit] | None = None) -> None:
    """See that the machine has room for what is to begin.

    Args:
        need: of all of it.
        limits: what may be used; None to ask the system.

    Raises:
        UsageError: it has not; with what decides it, and what would need less.
    """
    for room in memory_limits() if limits is None else limits:
        asked = max(need.parent, need.worker) if room.per_process else need.total
        if asked > room.bytes:
            key, value = need.key
            fewer = "fewer hydra.launcher.workers, " if need.workers > 1 else ""
            raise UsageError(
                f"{key}={spell(value)}: this would need about {size(asked)} of memory, and "
                f"{room.reason} leaves {size(room.bytes)}. Nothing was started. What needs less: "
                f"{fewer}{need.advice}; or a machine with more memory"
            )


def size(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
