"""How a measure is estimated from our runs, and how far it scatters at a paper's sample size.

A sample of 10,000 networks determines a success rate to one percent; a paper with 50 networks can
be seven percent off by chance alone. So a published number is compared with estimates from samples
of the paper's size. These are drawn from our runs, which are resampled first, because they are a
sample too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.times import counted_runs, times_of

RESAMPLES = 1000
Interval = tuple[float, float]


@dataclass(frozen=True)
class Sample:
    """Epochs to solve of networks that were all trained up to the same limit.

    Attributes:
        ascending: (k,) epochs to solve of the solved networks, ascending.
        n: number of all networks, solved or not.
        limit: the last epoch at which a network could be solved.
    """

    ascending: Floats
    n: int
    limit: float


def sample_of(runs: pd.DataFrame, limit: float | None = None) -> Sample:
    """The runs of one setting as a sample.

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome are left out.
        limit: epochs after which a run counts as not solved; None for the runs' own.

    Raises:
        ValueError: no run with an outcome, or outcomes that contradict the times.
    """
    times = times_of(counted_runs(runs, ["outcome"], "runs")).common(limit)
    return Sample(np.sort(times.time[times.solved]), len(times), times.horizon)


@dataclass(frozen=True)
class Statistic:
    """A measure of a sample.

    Attributes:
        of: computes the number from a sample; NaN where it is undefined.
        interval: computes its 95 % interval; None for bootstrap percentiles.
        grows: whether it depends on the number of networks, as the slowest of them does. It is
            then estimated from samples of the paper's size.
    """

    of: Callable[[Sample], float]
    interval: Callable[[Sample], Interval] | None = None
    grows: bool = False


@dataclass(frozen=True)
class Measured:
    """An estimate with its 95 % interval and the range expected of a study of the paper's size.

    Attributes:
        estimate: from our runs.
        low: lower end of the estimate's 95 % interval.
        high: upper end.
        expected_low: lower end of the range that holds 95 % of estimates from samples as large as
            the paper's.
        expected_high: upper end.
    """

    estimate: float
    low: float
    high: float
    expected_low: float
    expected_high: float

    def agrees(self, low: float, high: float) -> bool:
        """Whether a published value from low to high can lie in the expected range."""
        return bool(low <= self.expected_high and self.expected_low <= high)


def measure(
    sample: Sample,
    statistics: list[Statistic],
    networks: int | None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Measured]:
    """Statistics of a sample, each with its interval and expected range.

    Args:
        sample: of our runs.
        statistics: what to measure; they share the resamples.
        networks: how many the paper has; None if the expected range is to be the interval (the
            paper states an uncertainty of its own, or not how many networks it has).
        resamples: number of bootstrap samples of networks.
        seed: of the bootstrap.
    """
    rng = np.random.default_rng([seed, sample.n])
    ours = np.full((len(statistics), resamples), np.nan)
    papers = np.full((len(statistics), resamples), np.nan)
    for b in range(resamples):
        ranks = rng.integers(0, sample.n, sample.n)
        resampled = _at_ranks(sample, ranks)
        ours[:, b] = [statistic.of(resampled) for statistic in statistics]
        if networks is not None:
            small = _at_ranks(sample, rng.choice(ranks, networks))
            papers[:, b] = [statistic.of(small) for statistic in statistics]
    measured = []
    for statistic, own_values, paper_values in zip(statistics, ours, papers, strict=True):
        interval = statistic.interval(sample) if statistic.interval else _central(own_values)
        expected = interval if networks is None else _central(paper_values)
        estimate = statistic.of(sample)
        if statistic.grows and networks is not None:
            estimate, interval = float(np.nanmedian(paper_values)), expected
        measured.append(Measured(estimate, *interval, *expected))
    return measured


def _at_ranks(sample: Sample, ranks: npt.NDArray[np.integer]) -> Sample:
    """The networks at these ranks: the solved ones come first, by their epochs to solve."""
    solved = np.sort(ranks[ranks < len(sample.ascending)])
    return Sample(sample.ascending[solved], len(ranks), sample.limit)


def _central(values: Floats) -> Interval:
    """The interval that holds the middle 95 % of values; NaNs are left out."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)
