"""How fast a setting is solved."""

from __future__ import annotations

from xorlab.analysis.report.column import Column, GroupedRuns, whole

ORDER = 20
_MEANING = "the epoch by which half of all runs are solved, unsolved runs counted as later"


def columns(data: GroupedRuns) -> list[Column]:
    """The median of the epochs to solve, over all runs."""
    median = data.statistics["epochs_median"]
    return [Column("epochs (median)", median, whole, priority=5, meaning=_MEANING)]
