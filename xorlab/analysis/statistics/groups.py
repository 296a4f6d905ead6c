"""The runs of each setting of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd


def rows_by_setting(runs: pd.DataFrame, by: Sequence[str]) -> list[npt.NDArray[np.intp]]:
    """The positions of the rows of each setting, in sorted order of the settings.

    Args:
        runs: at least one.
        by: the columns that make a setting; a missing value is a value like others.

    Returns:
        an array for each setting, ascending.
    """
    groups = runs.groupby(list(by), dropna=False, sort=True, observed=True)
    number = groups.ngroup().to_numpy()
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
