"""Means over runs of what they record at their end, as a paper's tables print them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.studies.replication.sample import RESAMPLES, Interval, Measured


def mean_of(
    column: str, networks: int, scaled: Callable[[Floats], Floats] = lambda values: values
) -> Callable[[pd.DataFrame], Measured]:
    """A measure: the mean of a column over runs.

    Args:
        column: of a table of runs; runs without a value are left out.
        networks: how many the paper had.
        scaled: turns the values into the paper's unit.

    Returns:
        a function of runs: the mean with a bootstrap interval, and the range of means of samples
        of the paper's size; NaN throughout where no run has the value.
    """

    def measure(runs: pd.DataFrame) -> Measured:
        values = scaled(runs[column].to_numpy(float)) if column in runs else np.empty(0)
        values = values[np.isfinite(values)]
        if not len(values):
            return Measured(*[np.nan] * 5)
        generator = np.random.default_rng([0, len(values)])
        drawn = generator.choice(values, (RESAMPLES, len(values)))
        small = generator.choice(generator.permuted(drawn, axis=1), networks, axis=1)
        return Measured(float(values.mean()), *_central(drawn), *_central(small))

    return measure


def _central(samples: Floats) -> Interval:
    """The interval that holds the middle 95 % of the means of samples (B, n)."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(samples.mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)
