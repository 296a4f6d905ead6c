"""What a report counts: which runs were left out, pooled, or compared in pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from xorlab.analysis.report.findings import MOST_SETTINGS
from xorlab.analysis.statistics.design import design_of, sides_of
from xorlab.analysis.statistics.repeats import repeated_seed
from xorlab.analysis.statistics.times import SEED, counted_runs, trained_again


def basis(runs: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Sentences for the top of a report.

    Args:
        runs: from `xorlab.load_runs`.
        by: the columns that make a setting.

    Returns:
        a sentence on keys that were trained more than once, one on seeds that occur more than once
        in a setting, and one on how settings are compared; each only where it applies.
    """
    counted = counted_runs(runs, by, "by")
    ended = runs[runs["outcome"].notna()]
    again = int(trained_again(ended).sum())
    said = []
    if again:
        said.append(
            f"{again} of {len(ended)} runs were trained again later under the same key: each key "
            "counts once, as it was trained last."
        )
    number = counted.groupby(list(by), dropna=False, sort=True, observed=True).ngroup().to_numpy()
    groups = [np.flatnonzero(number == j) for j in range(number.max() + 1)]
    if SEED not in runs:
        return said
    pooled = [repeated_seed(counted.iloc[rows], SEED) for rows in groups]
    first = next((one for one in pooled if one is not None), None)
    if first is not None:
        said.append(f"Settings pool runs ({first}): each seed counts once in intervals and tests.")
    if not 1 < len(groups) <= MOST_SETTINGS:
        return said
    sides = sides_of(counted, None, SEED)
    own = [sides.side("", rows) for rows in groups]
    designs = [design_of(a, b, sides, None) for a, b in combinations(own, 2)]
    paired = sum(design.paired for design in designs)
    if paired == len(designs):
        said.append("Settings are compared seed by seed.")
    elif paired:
        said.append(
            f"{paired} of {len(designs)} pairs of settings are compared seed by seed, the others "
            "as independent runs."
        )
    else:
        said.append("Settings are compared as independent runs.")
    return said
