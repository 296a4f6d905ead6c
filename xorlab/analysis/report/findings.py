"""Which settings differ, in sentences: the best one against each of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xorlab.analysis.labels import setting_label
from xorlab.analysis.statistics.comparison import compare_all

_MOST_SETTINGS = 10  # with more, Holm's correction for all the pairs leaves no difference to claim


def findings(runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """The setting with the least ERT, and how each of the others compares with it.

    Holm's correction counts all pairs, not only those with the best setting, because the same
    runs were used to choose it.

    Args:
        runs: from `xorlab.load_runs`.
        settings: from `xorlab.convergence`, by the same columns.
        by: the columns that make a setting.

    Returns:
        sentences; none for a single setting. Where there are too many settings, or where an
        epoch limit is unknown, one sentence that says so.
    """
    if len(settings) < 2:
        return []
    if len(settings) > _MOST_SETTINGS:
        return [
            f"{len(settings)} settings are too many to compare all pairs; xorlab.compare takes "
            "two of your choice"
        ]
    costs = settings["ert_cutoff"].to_numpy(float)
    if not np.isfinite(costs).any():
        return ["No setting was solved: there is nothing to compare."]
    best = settings.iloc[int(np.nanargmin(costs))]
    try:
        pairs = compare_all(runs, by=list(by))
    except ValueError as error:  # an epoch limit is unknown
        return [f"The settings cannot be compared: {error}"]
    first, second = (
        (pairs[[f"{side}.{key}" for key in by]].to_numpy() == best[list(by)].to_numpy()).all(axis=1)
        for side in ("a", "b")
    )
    least = (
        f"The least expected epochs with restarts: {setting_label(best.to_dict(), by)}, "
        f"{best['ert_cutoff']:.0f} with a cutoff of {best['cutoff']:.0f}."
    )
    return [least, *pairs.loc[first | second, "sentence"]]
