"""What a solved run costs with restarts: at the epoch limit, and at the best cutoff."""

from __future__ import annotations

import math

from xorlab.analysis.report.column import Column, GroupedRuns, whole
from xorlab.analysis.statistics.clock import EPOCHS, clock_in
from xorlab.analysis.statistics.restarts import LEAST_SOLVED
from xorlab.analysis.statistics.times import ended_early
from xorlab.analysis.statistics.winner import LEAST_FOR_INTERVAL

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
_COST = (
    "what a success costs, restarts included: the ERT if runs are given up at the best cutoff, or "
    "at the limit where that is -; in brackets its 95 % interval, which allows that an earlier "
    "cutoff, with too few runs to be known, costs less; where one run was solved it is not known; "
    "after “from”, its lower end where none was"
)
_COST_PRIORITY = 7  # above all that may be left out: a report's first sentence is about it


def columns(data: GroupedRuns) -> list[Column]:
    """Expected running time (ERT) at the limit, the best cutoff, and what a success costs with it.

    Where a rule ended runs, also the ERT of what they really spent.
    """
    found, time = data.costs, clock_in(data.costs)
    unit = "" if time == EPOCHS else f" / {time}"
    names = ["ert_cutoff", "ert_cutoff_low", "ert_cutoff_high", "solved"]
    costs = list(found[names].itertuples(index=False, name=None))
    cutoff = found["cutoff"].where(found["solved"] >= LEAST_SOLVED)
    title, noticed = f"ERT as spent{unit}", found["ert_if_noticed"]
    spent = Column(title, noticed, whole, 4, _SPENT.format(time))
    return [
        Column(f"ERT{unit}", found["ert"], whole, 4, _ERT.format(time)),
        *([spent] if ended_early(data.runs).any() else []),
        Column(f"best cutoff{unit}", cutoff, whole, 2, _CUTOFF.format(time)),
        Column(f"{time} per success", costs, _with_interval, _COST_PRIORITY, _COST),
    ]


def _with_interval(values: tuple[float, float, float, int]) -> str:
    """Such as ``326 (292-384)``, with the 95 % interval, or ``326 (one solved run)``."""
    estimate, low, high, solved = values
    if math.isinf(estimate):
        return f"infinite (from {whole(low)})" if low > 1 else "infinite"
    if math.isnan(low):
        return whole(estimate)
    known = solved >= LEAST_FOR_INTERVAL
    return f"{whole(estimate)} ({f'{whole(low)}-{whole(high)}' if known else 'one solved run'})"
