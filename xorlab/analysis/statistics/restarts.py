"""When to stop a run and start another: the cutoff with the least cost, and cost by cutoff.

ERT(c), see `xorlab.analysis.statistics.running_time`, is the cost of a success in epochs when each
run is stopped after c epochs. Every run costs at least one epoch, also one that is solved by its
initial weights. All functions take times of runs with the same limit: see
`xorlab.analysis.statistics.times.Times.common`.

A single early success must not decide. Of 50 runs one that is solved after an epoch would make
"50 epochs per success with a cutoff of 1" the least ERT of most settings, by luck alone. So a
cutoff is considered only if at least `LEAST_SOLVED` runs were solved by it, in the sample and in
every resample. Where fewer runs were solved at all, a cutoff would follow luck, and runs are not
stopped before their limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.analysis.statistics.bootstrap import RESAMPLES, counts_in_blocks
from xorlab.analysis.statistics.clusters import Clusters
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.running_time import charged, followed_to, statistics_at

LEAST_SOLVED = 10
_OPTIMISM = 3
_SAME = 1e-9  # relative; sums of equal costs in another order differ by rounding


@dataclass(frozen=True)
class BestCutoff:
    """The cutoff with the least ERT.

    Attributes:
        cutoff: epochs after which to stop a run: the smallest c that minimises ERT(c) among those
            by which at least `LEAST_SOLVED` runs were solved; the limit where fewer were solved,
            and NaN where none was.
        low: lower end of its interval.
        high: upper end.
        ert: ERT with that cutoff.
        ert_low: lower end of an interval that holds both the true ERT with that cutoff and the
            true least ERT.
        ert_high: upper end.
    """

    cutoff: float
    low: float
    high: float
    ert: float
    ert_low: float
    ert_high: float


def best_cutoff(
    time: npt.ArrayLike,
    solved: npt.ArrayLike,
    limit: float,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> BestCutoff:
    """The best cutoff and ERT there, each with an interval; see `best_cutoffs`.

    Args:
        time: (n,) epochs to solve, or to the limit.
        solved: (n,) whether the run was solved.
        limit: the epoch to which every run was followed.
        confidence: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ValueError: no runs, or a limit beyond the epoch to which every run was followed.
    """
    ascending, n = followed_to(time, solved, limit)
    ascending = charged(ascending)
    return best_cutoffs([ascending[ascending <= limit]], n, [limit], confidence, resamples, seed)[0]


def best_cutoffs(
    settings: list[Floats],
    n: int,
    limits: list[float],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    clusters: Clusters | None = None,
) -> list[BestCutoff]:
    """Best cutoffs of settings with n runs each.

    The interval of the cutoff holds the cutoffs whose ERT is not clearly above the least. For
    resampled runs, marked by a star, the regret of the observed best cutoff c is
    ERT*(c) / min ERT*. A cutoff belongs to the interval if its ERT(c) / min ERT is at most the
    quantile of that regret at 1 - (1 - confidence) / 10, a level chosen by simulation. At the
    quantile for ``confidence`` itself coverage was 82 to 94 %, and with percentiles of the
    bootstrapped best cutoff 57 to 93 %: the position of a minimum may converge only with the cube
    root of n, and that bootstrap is then inconsistent (Kim & Pollard 1990; Abrevaya & Huang 2005).

    The interval of the least ERT starts at the least lower end of ERT at any epoch at which a run
    was solved, so an early success widens it, and does not move the estimate. Its upper end is that
    of ERT at the observed cutoff, multiplied by the exponential of three times the mean logarithm
    of the regret: the least of many estimates is too low by about that factor once in the sample
    and once more in its resamples, and the cutoff found costs more than the best one. Where fewer
    than `LEAST_SOLVED` runs were solved it allows for whatever may happen at the first epoch, so
    it is wide and cautious.

    The interval of the cutoff starts at 0 if it reaches the first cutoff that is considered:
    without that, and at 1 - (1 - confidence) / 5, it covered as few as 88 %.

    Nominal 95 % intervals of ERT covered both in 95 to 100 % of 500 simulated samples of 5 to 100
    runs, also where many runs are solved early, and intervals of the cutoff its true value in 94
    to 100 % (standard error at most 1 point; `python -m tests.benchmarks.coverage intervals`).

    Args:
        settings: for each setting the epochs to solve of its solved runs, (k,) ascending, none
            less than 1 or beyond its limit.
        n: number of runs of each setting, solved or not.
        limits: of each setting, in epochs.
        confidence: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap; all settings share the same resamples.
        clusters: of the runs, those solved first in the order of their times; None where all runs
            are independent. With clusters there is only one setting.
    """
    weight = 1.0 if clusters is None else clusters.weight
    curves = [statistics_at(own, n, own, weight).ert(confidence) for own in settings]
    enough = LEAST_SOLVED / weight
    chosen = [_best(*pair, enough) for pair in zip(settings, curves, strict=True)]
    blocks = _resampled(n, resamples, seed, clusters)
    regrets = _regrets(settings, chosen, limits, blocks, resamples, enough)
    level = 1 - (1 - confidence) / 10
    found = []
    for ascending, limit, (ert, low, high), j, regret in zip(
        settings, limits, curves, chosen, regrets, strict=True
    ):
        if j < 0:
            found.append(_at_the_limit(ascending, n, limit, low, confidence, weight))
            continue
        most = float(ert[j]) * float(np.quantile(regret, level, method="inverted_cdf"))
        ends = _cutoff_ends(ascending, ert, n, limit, most, enough)
        finite = regret[np.isfinite(regret)]
        top = (
            float(high[j] * np.exp(_OPTIMISM * np.mean(np.log(finite)))) if len(finite) else np.inf
        )
        found.append(BestCutoff(float(ascending[j]), *ends, float(ert[j]), float(low.min()), top))
    return found


def _best(ascending: Floats, curve: tuple[Floats, Floats, Floats], enough: float) -> int:
    """The index of the best cutoff among the epochs to solve; -1 where too few were solved."""
    ert = curve[0]
    # Of equal times the last one, because its rank counts all of them.
    rank = np.searchsorted(ascending, ascending, side="right")
    if not len(ert) or rank[-1] < enough:
        return -1
    ert = np.where(rank < enough, np.inf, ert)
    first = int(np.argmax(ert <= ert.min() * (1 + _SAME)))
    return int(rank[first]) - 1


def _at_the_limit(
    ascending: Floats, n: int, limit: float, low: Floats, confidence: float, weight: float
) -> BestCutoff:
    """What is known where fewer than `LEAST_SOLVED` runs were solved."""
    whole = statistics_at(ascending, n, limit, weight).ert(confidence)
    ert, least, high = (float(one) for one in whole)
    # Runs may be solved by the first epoch as often as none of n allows.
    unseen = float(statistics_at(ascending[:0], n, 1.0, weight).ert(confidence)[1])
    cutoff = limit if len(ascending) else np.nan
    return BestCutoff(cutoff, 0.0, limit, ert, max(min([unseen, least, *low.tolist()]), 1.0), high)


def _regrets(
    settings: list[Floats],
    best: list[int],
    limits: list[float],
    blocks: Iterable[Floats],
    resamples: int,
    enough: float = LEAST_SOLVED,
) -> list[Floats]:
    """ERT* at the observed best cutoff divided by the least ERT*, (resamples,) per setting.

    Args:
        settings: for each setting the ascending epochs to solve, (k,).
        best: the index of the best cutoff among them; -1 for a setting without.
        limits: of each setting.
        blocks: (R, n) how often each run occurs in each resample, in blocks.
        resamples: number of resamples.
        enough: least number of runs that must be solved by a cutoff.
    """
    steps = [np.diff(ascending, prepend=0.0) for ascending in settings]
    regrets = [np.ones(resamples) for _ in settings]
    most = max((len(s) for s, j in zip(settings, best, strict=True) if j >= 0), default=0)
    if most == 0:
        return regrets
    start = 0
    for counts in blocks:
        stop = start + len(counts)
        n = counts.sum(axis=1)
        solved = np.cumsum(counts[:, :most], axis=1)
        left = n[:, None] - solved + counts[:, :most]
        too_few = solved < enough
        per_success = 1 / np.maximum(solved, 1.0)
        room = np.empty(solved.shape)
        for ascending, step, j, limit, regret in zip(
            settings, steps, best, limits, regrets, strict=True
        ):
            if j < 0:
                continue
            k = len(step)
            # n times RMST is the area under the survival curve, a cumulative sum.
            area = room[:, :k]
            np.multiply(left[:, :k], step, out=area)
            np.cumsum(area, axis=1, out=area)
            here, end = area[:, j].copy(), area[:, -1].copy()
            np.multiply(area, per_success[:, :k], out=area)
            np.copyto(area, np.inf, where=too_few[:, :k])
            total = solved[:, k - 1]
            with np.errstate(divide="ignore", invalid="ignore"):
                # With too few solved in a resample, runs are followed to the limit.
                last = (end + (n - total) * (limit - ascending[-1])) / total
                least = np.minimum(area.min(axis=1), np.where(total < enough, last, np.inf))
                ratio = here / solved[:, j] / least
            regret[start:stop] = np.fmax(ratio, 1.0)
        start = stop
    return regrets


def _resampled(
    n: int, resamples: int, seed: int, clusters: Clusters | None
) -> Iterator[npt.NDArray[np.float64]]:
    """How often each run occurs in each resample of runs, or of whole clusters."""
    if clusters is None:
        yield from counts_in_blocks(n, resamples, seed)
        return
    for counts in counts_in_blocks(clusters.count, resamples, seed):
        yield counts[:, clusters.numbers]


def _cutoff_ends(
    ascending: Floats, ert: Floats, n: int, limit: float, allowed: float, enough: float
) -> tuple[float, float]:
    """First and last cutoff at which ERT may be at most ``allowed``.

    Where the first of them is not later than the first one that was considered, it is that rule
    and not the runs that would end the interval, which then starts at 0.
    """
    if not np.isfinite(allowed):
        return 0.0, limit
    within = np.flatnonzero(ert <= allowed * (1 + _SAME))
    first, final = int(within[0]), int(within[-1])
    earlier = ascending[ascending < ascending[first]]
    bounded = ascending[first] > ascending[int(np.ceil(enough)) - 1]
    low = float(earlier[-1]) if bounded else 0.0
    # Between successes ERT rises by (n - k) / k per epoch.
    k = int(np.searchsorted(ascending, ascending[final], side="right"))
    following = float(ascending[k]) if k < len(ascending) else limit
    room = (allowed - ert[final]) * k / (n - k) if k < n else np.inf
    return low, float(min(ascending[final] + room, following, limit))
