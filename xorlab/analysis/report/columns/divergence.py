"""How many runs of a setting diverged."""

from __future__ import annotations

from xorlab.analysis.report.column import Column, GroupedRuns, whole

ORDER = 40
_MEANING = "runs in which a weight or the loss grew beyond every finite number"


def columns(data: GroupedRuns) -> list[Column]:
    """The number of diverged runs."""
    diverged = data.statistics["diverged"]
    return [Column("diverged", diverged, whole, priority=3, meaning=_MEANING)]
