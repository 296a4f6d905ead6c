"""Which settings differ, in sentences: the cheapest one, and how it compares with the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from xorlab.analysis.labels import setting_label
from xorlab.analysis.statistics.comparison import compare_all
from xorlab.analysis.statistics.times import SEED
from xorlab.analysis.statistics.winner import Cheapest, cheapest

MOST_SETTINGS = 10  # with more, Holm's correction for all the pairs leaves no difference to claim
_MOST_RIVALS = 3


def findings(runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """The setting with the least ERT, if there is one, and how each of the others compares with it.

    Holm's correction counts all pairs, not only those with the first setting, because the same
    runs were used to choose it.

    Args:
        runs: from `xorlab.load_runs`.
        settings: from `xorlab.convergence`, by the same columns.
        by: the columns that make a setting.

    Returns:
        sentences; none for a single setting. Where there are too many settings to compare all
        pairs, or where an epoch limit is unknown, a sentence says so.
    """
    if len(settings) < 2:
        return []
    best = cheapest(settings)
    if best is None and settings["solved"].sum() == 0:
        return ["No setting was solved: there is nothing to compare."]
    least = [] if best is None else [_least(settings, best, by)]
    if len(settings) > MOST_SETTINGS:
        return [
            *least,
            f"{len(settings)} settings are too many to compare all pairs; xorlab.compare takes "
            "two of your choice",
        ]
    try:
        pairs = compare_all(runs, by=list(by), cluster=SEED if SEED in runs else None)
    except ValueError as error:  # an epoch limit is unknown
        return [*least, f"The settings cannot be compared: {error}"]
    if best is None:
        return pairs["sentence"].tolist()
    values = settings[list(by)].iloc[best.first].to_numpy()
    first, second = (
        (pairs[[f"{side}.{key}" for key in by]].to_numpy() == values).all(axis=1)
        for side in ("a", "b")
    )
    return [*least, *pairs.loc[first | second, "sentence"]]


def _least(settings: pd.DataFrame, best: Cheapest, by: Sequence[str]) -> str:
    rows = settings.iloc[[best.first, *best.rivals]].to_dict("records")
    first = f"{_cost(rows[0], by)} if a run is given up after {rows[0]['cutoff']:.0f}"
    if best.named:
        return (
            f"The least expected epochs per success, with restarts: {first}; every other "
            "setting costs more (95 % confidence for all of them together)."
        )
    left = len(best.rivals) - _MOST_RIVALS
    rivals = "; ".join(_cost(row, by) for row in rows[1 : 1 + _MOST_RIVALS])
    more = f"; and {left} more" if left > 0 else ""
    return (
        "No setting can be called the cheapest. Expected epochs per success, with restarts: "
        f"{first}; not shown to cost more: {rivals}{more}."
    )


def _cost(row: Mapping[Any, Any], by: Sequence[str]) -> str:
    low, estimate, high = (_epochs(row[f"ert_cutoff{end}"]) for end in ("_low", "", "_high"))
    return f"{setting_label(row, by)}, {estimate} (95 % interval {low} to {high})"


def _epochs(value: float) -> str:
    return f"{value:,.0f}" if value < float("inf") else "infinity"
