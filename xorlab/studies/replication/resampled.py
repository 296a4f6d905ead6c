"""Measures of runs that need more than the epochs to solve, such as the epochs of the failures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.studies.replication.sample import RESAMPLES, Measured

Solved = npt.NDArray[np.bool_]


def of_runs(
    statistic: Callable[[Floats, Solved], float], networks: int
) -> Callable[[pd.DataFrame], Measured]:
    """A measure: a number of the epochs that runs took and of which were solved.

    Args:
        statistic: of (n,) epochs run and (n,) whether solved; NaN where it is undefined.
        networks: how many the paper had.

    Returns:
        a function of runs: the number, with bootstrap percentiles as its interval, and the range
        of samples of the paper's size.
    """

    def measure(runs: pd.DataFrame) -> Measured:
        epochs = runs["epochs_run"].to_numpy(float)
        solved = (runs["outcome"] == "solved").to_numpy()
        generator = np.random.default_rng([0, len(runs)])
        drawn = [generator.integers(0, len(runs), len(runs)) for _ in range(RESAMPLES)]
        small = [generator.choice(rows, networks) for rows in drawn]
        own, papers = (
            _central([statistic(epochs[rows], solved[rows]) for rows in samples])
            for samples in (drawn, small)
        )
        return Measured(statistic(epochs, solved), *own, *papers)

    return measure


def mean_of_failures(epochs: Floats, solved: Solved) -> float:
    """Mean epochs of the networks that were not solved."""
    return float(epochs[~solved].mean()) if (~solved).any() else np.nan


def deviation_of_failures(epochs: Floats, solved: Solved) -> float:
    """Standard deviation of the epochs of the networks that were not solved."""
    return float(epochs[~solved].std(ddof=1)) if (~solved).sum() > 1 else np.nan


def epochs_per_solution(epochs: Floats, solved: Solved) -> float:
    """All epochs of all networks by the number of those that were solved."""
    return float(epochs.sum() / solved.sum()) if solved.any() else np.inf


def _central(values: list[float]) -> tuple[float, float]:
    known = np.array(values)[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)
