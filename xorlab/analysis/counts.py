"""How numbers of things and times are written, and how runs ended."""

from __future__ import annotations

from collections.abc import Mapping

WITH_ERROR = "with an error"  # what is said of runs that raised one: they have no outcome


def counted(number: int, noun: str) -> str:
    """A number of things as it is written everywhere: ``1 run``, ``1,200 runs``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def duration(seconds: float) -> str:
    """A time that need not be exact: ``38 s``, ``12 min``, ``1.8 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s" if seconds else "0 s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def endings(counts: Mapping[str, int]) -> str:
    """How runs ended, as it is written everywhere: ``4 solved, 1 with an error``.

    Args:
        counts: of runs by outcome, or by `WITH_ERROR`; those that are 0 are left out.
    """
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
