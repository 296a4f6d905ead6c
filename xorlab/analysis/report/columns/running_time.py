"""What a solved run costs with restarts: at the epoch limit, and at the best cutoff."""

from __future__ import annotations

import math

from xorlab.analysis.report.column import Column, GroupedRuns, whole
from xorlab.analysis.statistics.clock import EPOCHS, clock_in
from xorlab.analysis.statistics.restarts import LEAST_SOLVED
from xorlab.analysis.statistics.times import ended_early

ORDER = 30
_ERT = (
    "expected running time: the {} to expect until a run is solved, if each unsolved run is "
    "followed to its limit and another seed started"
)
_SPENT = (
    "the ERT if the next seed is started where a rule ended a run or where it diverged: all {} "
    "that the runs really spent, divided by the solved ones; ERT counts the whole limit for them"
)
_CUTOFF = (
    "the {} after which it costs least to give a run up and start another seed; - where fewer "
    f"than {LEAST_SOLVED} runs were solved, too few to tell"
)
_THERE = (
    "the ERT if runs are given up at the best cutoff, or at the limit where that is -, with "
    "its 95 % interval; after “from”, its lower end where no run was solved"
)


def columns(data: GroupedRuns) -> list[Column]:
    """Expected running time (ERT) at the limit, the best cutoff, and ERT with it.

    Where a rule ended runs, also the ERT of what they really spent.
    """
    found, time = data.costs, clock_in(data.costs)
    unit = "" if time == EPOCHS else f" / {time}"
    there = found[["ert_cutoff", "ert_cutoff_low", "ert_cutoff_high"]].itertuples(index=False)
    cutoff = found["cutoff"].where(found["solved"] >= LEAST_SOLVED)
    title, noticed = f"ERT as spent{unit}", found["ert_if_noticed"]
    spent = Column(title, noticed, whole, 4, _SPENT.format(time))
    return [
        Column(f"ERT{unit}", found["ert"], whole, 4, _ERT.format(time)),
        *([spent] if ended_early(data.runs).any() else []),
        Column(f"best cutoff{unit}", cutoff, whole, 2, _CUTOFF.format(time)),
        Column(f"ERT there{unit}", list(there), _with_interval, 1, _THERE),
    ]


def _with_interval(values: tuple[float, float, float]) -> str:
    """Such as ``326 (292-384)``, with the 95 % interval."""
    estimate, low, high = values
    if math.isinf(estimate):
        return f"infinite (from {whole(low)})" if low > 1 else "infinite"
    return whole(estimate) if math.isnan(low) else f"{whole(estimate)} ({whole(low)}-{whole(high)})"
