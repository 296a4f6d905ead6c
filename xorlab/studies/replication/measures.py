"""The measures that the papers report, of a sample of networks, and their 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xorlab.analysis.statistics.intervals import Floats, mean_interval, wilson
from xorlab.analysis.statistics.restarts import BestCutoff, best_cutoff
from xorlab.studies.replication.sample import Interval, Sample, Statistic


def success(sample: Sample) -> float:
    """Share of the networks that were solved, in percent."""
    return 100 * len(sample.ascending) / sample.n


def success_interval(sample: Sample) -> Interval:
    """Wilson's interval of `success`, in percent."""
    low, high = wilson(len(sample.ascending), sample.n)
    return float(100 * low), float(100 * high)


def mean_epochs(sample: Sample) -> float:
    """Mean epochs to solve of the solved networks; NaN without one."""
    return float(sample.ascending.mean()) if len(sample.ascending) else np.nan


def mean_epochs_interval(sample: Sample) -> Interval:
    """Student's interval of `mean_epochs`, on the logarithmic scale."""
    solved = sample.ascending
    if len(solved) < 2:
        return 0.0, sample.limit
    deviation = np.asarray(solved.std(ddof=1))
    low, high = mean_interval(
        np.asarray(solved.mean()), deviation, np.asarray(len(solved)), np.asarray(sample.limit)
    )
    return float(low), float(high)


def deviation_epochs(sample: Sample) -> float:
    """Standard deviation of the epochs to solve of the solved networks; NaN for fewer than two."""
    return float(sample.ascending.std(ddof=1)) if len(sample.ascending) > 1 else np.nan


def harmonic_mean(sample: Sample) -> float:
    """Harmonic mean of the epochs of all networks; one that was not solved counts as the limit."""
    failed = sample.n - len(sample.ascending)
    with np.errstate(divide="ignore"):
        return float(sample.n / ((1 / sample.ascending).sum() + failed / sample.limit))


def running_time(sample: Sample) -> float:
    """Epochs of all networks per solved network: ERT at the limit, Kramer's EES; else infinite."""
    if not len(sample.ascending):
        return np.inf
    failed = sample.n - len(sample.ascending)
    return float((sample.ascending.sum() + failed * sample.limit) / len(sample.ascending))


def percentile(share: float) -> Callable[[Sample], float]:
    """A measure: the quantile of the epochs to solve of the solved networks; NaN without one."""

    def of(sample: Sample) -> float:
        return float(np.quantile(sample.ascending, share)) if len(sample.ascending) else np.nan

    return of


def efficiency(sample: Sample) -> Floats:
    """Hamey's (1991) efficiency E(t) at t = 1, 2, ... up to the limit: (T,).

    The number of networks solved per thousand epochs if each is given up after t epochs:
    1000 #{t_i <= t} / sum_i min(t, t_i), which is 1000 / ERT(t).
    """
    times = sample.ascending.astype(np.int64)
    solved = np.cumsum(np.bincount(times, minlength=int(sample.limit) + 1))
    spent = np.cumsum(sample.n - solved)[:-1]  # sum of min(t, t_i): those not solved at 0 .. t - 1
    with np.errstate(divide="ignore"):
        return np.asarray(1000 * solved[1:] / spent)


def peak(sample: Sample) -> float:
    """Hamey's e: the largest `efficiency`, in networks per thousand epochs."""
    return float(efficiency(sample).max())


def peak_interval(sample: Sample) -> Interval:
    """Interval of `peak`, from that of `peak_cost`."""
    low, high = peak_cost_interval(sample)
    return 1000 / high, 1000 / low if low else np.inf


def peak_epoch(sample: Sample) -> float:
    """Hamey's T_E: the cutoff, in epochs, with the largest `efficiency`."""
    return float(np.argmax(efficiency(sample)) + 1)


def peak_epoch_interval(sample: Sample) -> Interval:
    """Interval of `peak_epoch`; see `xorlab.analysis.statistics.restarts.best_cutoffs`."""
    best = _best_cutoff(sample)
    return best.low, best.high


def peak_cost(sample: Sample) -> float:
    """Hamey's t_E: epochs per solved network at the best cutoff."""
    return float(1000 / np.float64(peak(sample))) if len(sample.ascending) else np.inf


def peak_cost_interval(sample: Sample) -> Interval:
    """Interval of `peak_cost`; see `xorlab.analysis.statistics.restarts.best_cutoffs`."""
    best = _best_cutoff(sample)
    return best.ert_low, best.ert_high


def half_peak_first(sample: Sample) -> float:
    """First epoch at which the `efficiency` is at least half its peak."""
    return float(_half_peak_epochs(sample)[0])


def half_peak_last(sample: Sample) -> float:
    """Last epoch at which the `efficiency` is at least half its peak."""
    return float(_half_peak_epochs(sample)[-1])


def _best_cutoff(sample: Sample) -> BestCutoff:
    ranks = np.arange(sample.n)
    time = np.append(sample.ascending, np.full(sample.n - len(sample.ascending), sample.limit))
    return best_cutoff(time, ranks < len(sample.ascending), sample.limit)


def _half_peak_epochs(sample: Sample) -> Floats:
    curve = efficiency(sample)
    return (np.flatnonzero(curve >= curve.max() / 2) + 1).astype(np.float64)


# Statistics that several studies report.
SUCCESS = Statistic(success, success_interval)
MEAN_EPOCHS = Statistic(mean_epochs, mean_epochs_interval)
DEVIATION_EPOCHS = Statistic(deviation_epochs)
