"""Which settings differ, in sentences: the best one against each of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xorlab.analysis.labels import setting_label
from xorlab.analysis.statistics.comparison import compare_all

_MOST_SETTINGS = 10  # more make pairs by the dozen, and Holm's correction swallows every claim


def claims(runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """The setting with the least ERT, and how each of the others compares with it.

    All pairs are compared, and Holm's correction is for all of them: the best one was chosen by
    looking at the same runs.

    Args:
        runs: from `xorlab.load_runs`.
        settings: from `xorlab.convergence`, by these keys.
        by: the columns that make a setting.

    Returns:
        sentences; none where there is nothing to compare, one that says so where there are too
        many settings or an epoch limit is not known.
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
    except ValueError as error:  # an epoch limit that nothing in the runs shows
        return [f"The settings cannot be compared: {error}"]
    first = (pairs[[f"a.{key}" for key in by]].to_numpy() == best[list(by)].to_numpy()).all(axis=1)
    other = (pairs[[f"b.{key}" for key in by]].to_numpy() == best[list(by)].to_numpy()).all(axis=1)
    told = (
        f"The least expected epochs with restarts: {setting_label(best.to_dict(), by)}, "
        f"{best['ert_cutoff']:.0f} with a cutoff of {best['cutoff']:.0f}."
    )
    return [told, *pairs.loc[first | other, "sentence"]]
