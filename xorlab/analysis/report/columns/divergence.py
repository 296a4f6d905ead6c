"""How many runs of a setting diverged."""

from __future__ import annotations

from xorlab.analysis.report.column import Column, GroupedRuns

ORDER = 40


def columns(data: GroupedRuns) -> list[Column]:
    """The number of diverged runs."""
    return [Column("diverged", data.statistics["diverged"], priority=3)]
