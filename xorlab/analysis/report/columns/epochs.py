"""How fast a setting is solved."""

from __future__ import annotations

import pandas as pd

from xorlab.analysis.report.column import Column, GroupedRuns, whole

ORDER = 20
_MEANING = "the {} by which half of all runs are solved, unsolved runs counted as later"


def columns(data: GroupedRuns) -> list[Column]:
    """The median of the time to solve, over all runs: in evaluations too, where these compare."""
    found = [_median("epochs", data.statistics, 5)]
    if data.in_evaluations is not None:
        found.append(_median("evaluations", data.in_evaluations, 5.5))
    return found


def _median(time: str, statistics: pd.DataFrame, priority: float) -> Column:
    meaning = _MEANING.format(time.removesuffix("s"))
    return Column(f"{time} (median)", statistics[f"{time}_median"], whole, priority, meaning)
