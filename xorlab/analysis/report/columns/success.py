"""How often a setting is solved."""

from __future__ import annotations

from xorlab.analysis.report.column import ALWAYS, Column, GroupedRuns, whole

ORDER = 10
_MEANING = (
    "of the success rate (Wilson), for a number of seeds fixed in advance: of 100 such intervals "
    "about 95 hold the true rate"
)


def columns(data: GroupedRuns) -> list[Column]:
    """Counts, and the success rate with Wilson's interval."""
    found = data.statistics
    ends = list(zip(found["rate_low"], found["rate_high"], strict=True))
    return [
        Column("runs", found["n"], whole, priority=ALWAYS),
        Column("solved", found["solved"], whole, priority=ALWAYS),
        Column("rate", found["rate"], lambda rate: f"{100 * rate:.0f} %", priority=ALWAYS),
        Column("95 % interval", ends, _interval, priority=ALWAYS, meaning=_MEANING),
    ]


def _interval(ends: tuple[float, float]) -> str:
    return f"{100 * ends[0]:.0f}-{100 * ends[1]:.0f} %"
