"""What a solved run costs with restarts: at the epoch limit, and at the best cutoff."""

from __future__ import annotations

from xorlab.analysis.report.column import Column, GroupedRuns, whole

ORDER = 30


def columns(data: GroupedRuns) -> list[Column]:
    """Expected running time (ERT) at the limit, the best cutoff, and ERT with that cutoff."""
    found = data.statistics
    return [
        Column("ERT", found["ert"], whole, priority=4),
        Column("best cutoff", found["cutoff"], whole, priority=2),
        Column("ERT there", found["ert_cutoff"], whole, priority=1),
    ]
