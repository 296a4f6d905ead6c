"""What a solved run costs with restarts: at the epoch limit, and at the best cutoff."""

from __future__ import annotations

import math

from xorlab.analysis.report.column import Column, GroupedRuns, whole

ORDER = 30


def columns(data: GroupedRuns) -> list[Column]:
    """Expected running time (ERT) at the limit, the best cutoff, and ERT with it."""
    found = data.statistics
    there = found[["ert_cutoff", "ert_cutoff_low", "ert_cutoff_high"]].itertuples(index=False)
    return [
        Column("ERT", found["ert"], whole, priority=4),
        Column("best cutoff", found["cutoff"], whole, priority=2),
        Column("ERT there", list(there), _with_interval, priority=1),
    ]


def _with_interval(values: tuple[float, float, float]) -> str:
    """Such as ``326 (292-384)``, with the 95 % interval."""
    estimate, low, high = values
    if math.isinf(estimate):
        return f"infinite (from {low:.0f})" if low > 1 else "infinite"
    return whole(estimate) if math.isnan(low) else f"{whole(estimate)} ({low:.0f}-{whole(high)})"
