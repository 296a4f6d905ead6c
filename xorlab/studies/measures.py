"""Repeating a study: the measures of the papers, and how far they scatter at the paper's size.

A sample of 10,000 networks pins a success rate down to a percent; a paper with 50 networks can be
seven percent off by luck alone. So what a paper reports is set beside what samples of its own size
give: drawn from our runs, after these have been resampled themselves, as they are a sample too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, mean_interval, wilson
from xorlab.analysis.statistics.restarts import BestCutoff, best_cutoff
from xorlab.analysis.statistics.running_time import part
from xorlab.analysis.statistics.times import counted_runs, times_of

RESAMPLES = 1000
Ends = tuple[float, float]


@dataclass(frozen=True)
class Sample:
    """Times to convergence of networks that were all followed to one limit.

    Attributes:
        ascending: (k,) epochs to solve of the solved, ascending.
        n: number of all networks.
        limit: in epochs.
    """

    ascending: Floats
    n: int
    limit: float

    @property
    def part(self) -> tuple[Floats, Floats, Floats]:
        """ERT at the limit with its interval; see `xorlab.analysis.statistics.running_time`."""
        return part(self.ascending, self.n, self.limit).ert()


def sample_of(runs: pd.DataFrame, limit: float | None = None) -> Sample:
    """The runs of one setting that have an outcome, up to a limit; None for their own.

    Raises:
        ValueError: no run with an outcome, or times that contradict themselves.
    """
    times = times_of(counted_runs(runs, ["outcome"], "runs")).common(limit)
    return Sample(np.sort(times.time[times.solved]), len(times), times.horizon)


@dataclass(frozen=True)
class Statistic:
    """A measure of a sample.

    Attributes:
        of: from a sample to the number; NaN where it has none.
        interval: its 95 % interval; None for percentiles of a bootstrap.
        grows: whether it depends on how many networks there are, as the slowest of them does:
            then it is told for samples of the paper's size.
    """

    of: Callable[[Sample], float]
    interval: Callable[[Sample], Ends] | None = None
    grows: bool = False


@dataclass(frozen=True)
class Measured:
    """A number with two intervals of 95 %: where the truth is, and where a paper's would be.

    Attributes:
        estimate: from our runs.
        low: end of its interval.
        high: end of its interval.
        expected_low: end of the range of estimates from samples of the paper's size.
        expected_high: end of the same.
    """

    estimate: float
    low: float
    high: float
    expected_low: float
    expected_high: float

    def agrees(self, low: float, high: float) -> bool:
        """Whether a published value, known to be from low to high, lies in the expected range."""
        return bool(low <= self.expected_high and self.expected_low <= high)


def measure(
    sample: Sample,
    statistics: list[Statistic],
    networks: int | None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Measured]:
    """Statistics of a sample, with their intervals.

    Args:
        sample: of our runs.
        statistics: what to measure.
        networks: how many the paper has; None where that is not to count (the paper states its
            own uncertainty, or not how many): then the expected range is the interval.
        resamples: of the bootstrap over networks.
        seed: of the same.
    """
    rng = np.random.default_rng([seed, sample.n])
    own = np.full((len(statistics), resamples), np.nan)
    papers = np.full((len(statistics), resamples), np.nan)
    for b in range(resamples):
        ranks = rng.integers(0, sample.n, sample.n)
        again = _drawn(sample, ranks)
        own[:, b] = [statistic.of(again) for statistic in statistics]
        if networks is not None:
            small = _drawn(sample, rng.choice(ranks, networks))
            papers[:, b] = [statistic.of(small) for statistic in statistics]
    told = []
    for statistic, ours, theirs in zip(statistics, own, papers, strict=True):
        ends = statistic.interval(sample) if statistic.interval else _middle(ours)
        expected = ends if networks is None else _middle(theirs)
        estimate = statistic.of(sample)
        if statistic.grows and networks is not None:
            estimate, ends = float(np.nanmedian(theirs)), expected
        told.append(Measured(estimate, *ends, *expected))
    return told


def efficiency(sample: Sample) -> Floats:
    """Hamey's (1991) efficiency E(t) at t = 1, 2, ... up to the limit: (T,).

    Networks trained per thousand epochs when each is given up after t epochs:
    1000 #{t_i <= t} / sum_i min(t, t_i), which is 1000 / ERT(t).
    """
    times = sample.ascending.astype(np.int64)
    solved = np.cumsum(np.bincount(times, minlength=int(sample.limit) + 1))
    spent = np.cumsum(sample.n - solved)[:-1]  # sum of min(t, t_i): those not solved at 0 .. t - 1
    with np.errstate(divide="ignore"):
        return np.asarray(1000 * solved[1:] / spent)


def success(sample: Sample) -> float:
    """Share solved / %."""
    return 100 * len(sample.ascending) / sample.n


def mean_epochs(sample: Sample) -> float:
    """Mean epochs of the solved."""
    return float(sample.ascending.mean()) if len(sample.ascending) else np.nan


def deviation_epochs(sample: Sample) -> float:
    """Standard deviation of the epochs of the solved."""
    return float(sample.ascending.std(ddof=1)) if len(sample.ascending) > 1 else np.nan


def harmonic_mean(sample: Sample) -> float:
    """Harmonic mean of the epochs of all, the limit for those not solved."""
    failed = sample.n - len(sample.ascending)
    with np.errstate(divide="ignore"):
        return float(sample.n / ((1 / sample.ascending).sum() + failed / sample.limit))


def running_time(sample: Sample) -> float:
    """Epochs of all networks per solved one: ERT at the limit, Kramer's EES."""
    if not len(sample.ascending):
        return np.inf
    failed = sample.n - len(sample.ascending)
    return float((sample.ascending.sum() + failed * sample.limit) / len(sample.ascending))


def peak(sample: Sample) -> float:
    """Hamey's e, the largest efficiency."""
    return float(efficiency(sample).max())


def peak_epoch(sample: Sample) -> float:
    """Hamey's T_E, the cutoff of the largest efficiency."""
    return float(np.argmax(efficiency(sample)) + 1)


def peak_cost(sample: Sample) -> float:
    """Hamey's t_E, epochs per trained network at the best cutoff."""
    return float(1000 / np.float64(peak(sample))) if len(sample.ascending) else np.inf


def half_peak_first(sample: Sample) -> float:
    """First epoch at which the efficiency is at least half its peak."""
    return float(_half_peak(sample)[0])


def half_peak_last(sample: Sample) -> float:
    """Last epoch at which the efficiency is at least half its peak."""
    return float(_half_peak(sample)[-1])


def percentile(share: float) -> Callable[[Sample], float]:
    """A quantile of the epochs of the solved."""

    def of(sample: Sample) -> float:
        return float(np.quantile(sample.ascending, share)) if len(sample.ascending) else np.nan

    return of


def success_interval(sample: Sample) -> Ends:
    """Wilson's, in percent."""
    low, high = wilson(len(sample.ascending), sample.n)
    return float(100 * low), float(100 * high)


def mean_epochs_interval(sample: Sample) -> Ends:
    """Student's, on the logarithmic scale."""
    solved = sample.ascending
    if len(solved) < 2:
        return 0.0, sample.limit
    deviation = np.asarray(solved.std(ddof=1))
    low, high = mean_interval(
        np.asarray(solved.mean()), deviation, np.asarray(len(solved)), np.asarray(sample.limit)
    )
    return float(low), float(high)


def running_time_interval(sample: Sample) -> Ends:
    """See `xorlab.analysis.statistics.running_time`."""
    _, low, high = sample.part
    return float(low), float(high)


def peak_epoch_interval(sample: Sample) -> Ends:
    """See `xorlab.analysis.statistics.restarts.best_cutoffs`."""
    best = _best(sample)
    return best.low, best.high


def peak_cost_interval(sample: Sample) -> Ends:
    """See `xorlab.analysis.statistics.restarts.best_cutoffs`."""
    best = _best(sample)
    return best.ert_low, best.ert_high


def peak_interval(sample: Sample) -> Ends:
    """The reverse of the cost's."""
    low, high = peak_cost_interval(sample)
    return 1000 / high, 1000 / low if low else np.inf


def _best(sample: Sample) -> BestCutoff:
    ranks = np.arange(sample.n)
    time = np.append(sample.ascending, np.full(sample.n - len(sample.ascending), sample.limit))
    return best_cutoff(time, ranks < len(sample.ascending), sample.limit)


def _half_peak(sample: Sample) -> Floats:
    curve = efficiency(sample)
    return (np.flatnonzero(curve >= curve.max() / 2) + 1).astype(np.float64)


def _drawn(sample: Sample, ranks: npt.NDArray[np.integer]) -> Sample:
    """Networks by their rank: the solved in their order, then all others."""
    solved = np.sort(ranks[ranks < len(sample.ascending)])
    return Sample(sample.ascending[solved], len(ranks), sample.limit)


def _middle(values: Floats) -> Ends:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan, np.nan
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)
