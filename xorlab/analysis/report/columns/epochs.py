"""How fast a setting is solved."""

from __future__ import annotations

from xorlab.analysis.report.column import Column, GroupedRuns, whole

ORDER = 20


def columns(data: GroupedRuns) -> list[Column]:
    """The median of the epochs to solve, over all runs."""
    return [Column("epochs (median)", data.statistics["epochs_median"], whole, priority=5)]
