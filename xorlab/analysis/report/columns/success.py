"""How often a setting is solved."""

from __future__ import annotations

from xorlab.analysis.report.column import ALWAYS, Column, GroupedRuns, whole

ORDER = 10
_MEANING = (
    "of the success rate (Wilson), for a number of seeds fixed in advance: of 100 such intervals "
    "about 95 hold the true rate"
)
_SEQUENTIAL = (
    "of the success rate, valid however often one looks while seeds are added, as this sweep did"
)


def columns(data: GroupedRuns) -> list[Column]:
    """Counts, and the success rate with its interval."""
    found = data.statistics
    ends = list(zip(found["rate_low"], found["rate_high"], strict=True))
    title, meaning = "95 % interval", _MEANING
    if data.sequential is not None:
        title, meaning = f"{100 * data.sequential:g} % interval", _SEQUENTIAL
    return [
        Column("runs", found["n"], whole, priority=6.2),
        Column("solved", found["solved"], whole, priority=6.1),
        Column("rate", found["rate"], lambda rate: f"{100 * rate:.0f} %", priority=ALWAYS),
        Column(title, ends, _interval, priority=6.3, meaning=meaning),
    ]


def _interval(ends: tuple[float, float]) -> str:
    return f"{100 * ends[0]:.0f}-{100 * ends[1]:.0f} %"
