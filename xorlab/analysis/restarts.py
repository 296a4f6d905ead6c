"""What restarts cost: expected running time as a function of the cutoff, and the best cutoff.

ERT(c) = sum_i min(t_i, c) / #{t_i <= c}: the epochs to expect until a first success when every
run is given up after c epochs and another seed is tried. At the epoch limit it is ERT of Auger &
Hansen (2005) and COCO, and the expected epochs to solution of Kramer & Sangiovanni-Vincentelli
(1988); 1000 / ERT(c) is the efficiency of Hamey (1991). It equals RMST(c) / F(c), restricted mean
survival time over success probability, and

    ERT(c) = m + c (1 - p) / p      m: mean time of the runs solved by c, p: their share,

two independent parts, from whose intervals (Student's on the logarithmic scale, and Wilson's) its
own is put together (Zou & Donner 2008). Unlike a bootstrap it knows that a setting of which all 30
runs were solved may still fail now and then.

All functions take times in which everyone was followed to the same limit: see
`xorlab.analysis.censored.Times.common`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.analysis.bootstrap import RESAMPLES, counts_in_blocks
from xorlab.analysis.intervals import (
    CONFIDENCE,
    Floats,
    Pair,
    mean_interval,
    mover,
    wilson,
)


@dataclass(frozen=True)
class Part:
    """Runs followed to a cutoff, in numbers; arrays of one shape, one entry per cutoff.

    Attributes:
        n: number of runs.
        solved: how many were solved by the cutoff.
        mean: of the epochs of those; NaN for none.
        deviation: standard deviation of the same; NaN for fewer than two.
        cutoff: in epochs.
    """

    n: Floats
    solved: Floats
    mean: Floats
    deviation: Floats
    cutoff: Floats

    def rmst(self, confidence: float = CONFIDENCE) -> tuple[Floats, Floats, Floats]:
        """Restricted mean survival time, mean of min(t, c), and its interval."""
        c, p = self.cutoff, self.solved / self.n
        p_low, p_high = wilson(self.solved, self.n, confidence)
        none = self.solved == 0
        mean = np.where(none, c, self.mean)
        m_low, m_high = mean_interval(mean, self.deviation, self.solved, c, confidence)
        saved = c - mean
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = mover(
                np.log(p), (np.log(p_low), np.log(p_high)),
                np.log(saved), (np.log(c - m_high), np.log(c - m_low)),
            )  # fmt: skip
            most, least = np.exp(high), np.exp(low)
        nothing = none | (saved <= 0)
        rmst = np.where(none, c, p * mean + (1 - p) * c)
        most = np.where(nothing, p_high * c, np.minimum(most, p_high * c))
        return rmst, c - most, c - np.where(nothing, 0.0, least)

    def ert(self, confidence: float = CONFIDENCE) -> tuple[Floats, Floats, Floats]:
        """Expected running time with restarts at the cutoff, and its interval.

        Infinite where none was solved; the upper end too, the lower is what the best success rate
        in Wilson's interval would cost.
        """
        c, p = self.cutoff, self.solved / self.n
        p_low, p_high = wilson(self.solved, self.n, confidence)
        none = self.solved == 0
        mean = np.where(none, 0.0, self.mean)
        m_ends = mean_interval(mean, self.deviation, self.solved, c, confidence)
        with np.errstate(divide="ignore", invalid="ignore"):
            lost, lost_low, lost_high = (c * (1 - q) / q for q in (p, p_high, p_low))
            low, high = mover(mean, m_ends, lost, (lost_low, lost_high))
        infinite = np.where(none, np.inf, 0.0)
        return mean + lost + infinite, np.where(none, lost_low, np.maximum(low, 0.0)), high + infinite


def part(ascending: Floats, n: int, cutoff: npt.ArrayLike) -> Part:
    """Numbers of runs at cutoffs.

    Args:
        ascending: (k,) epochs to solve of the solved runs, in ascending order.
        n: number of all runs.
        cutoff: any shape, in epochs.
    """
    c = np.asarray(cutoff, float)
    solved = np.searchsorted(ascending, c, side="right")
    shift = ascending.mean() if len(ascending) else 0.0  # keeps the sums of squares precise
    sums = np.concatenate([[0.0], np.cumsum(ascending - shift)])[solved]
    squares = np.concatenate([[0.0], np.cumsum((ascending - shift) ** 2)])[solved]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / solved
        spread = np.maximum(squares - solved * mean**2, 0.0) / (solved - 1)
    spread = np.where(solved < 2, np.nan, spread)
    return Part(np.full(c.shape, float(n)), solved.astype(float), mean + shift, np.sqrt(spread), c)


def expected_running_time(
    time: npt.ArrayLike, solved: npt.ArrayLike, cutoff: npt.ArrayLike
) -> Floats:
    """ERT at cutoffs: sum_i min(t_i, c) / #{t_i <= c}, infinite where none is solved by then.

    Args:
        time: (n,) epochs to solve, or to the limit.
        solved: (n,) which of the two.
        cutoff: any shape, in epochs, none beyond the smallest limit.

    Raises:
        ValueError: no runs, or a cutoff beyond the epoch to which every run was followed.
    """
    ascending, n, _ = _sorted(time, solved, cutoff)
    return part(ascending, n, cutoff).ert()[0]


@dataclass(frozen=True)
class BestCutoff:
    """Where restarting costs least.

    Attributes:
        cutoff: epochs after which to give up a run: argmin ERT(c), the smallest of several; NaN
            where no run was solved.
        low: `cutoffs`, the interval of the best cutoff.
        high: its upper end.
        ert: ERT there.
        ert_low: its interval.
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
        solved: (n,) which of the two.
        limit: to which every run was followed, in epochs.
        confidence: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ValueError: no runs, or a limit beyond the epoch to which every run was followed.
    """
    ascending, n, _ = _sorted(time, solved, limit)
    return best_cutoffs([ascending[ascending <= limit]], n, [limit], confidence, resamples, seed)[0]


def best_cutoffs(
    settings: list[Floats],
    n: int,
    limits: list[float],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[BestCutoff]:
    """Best cutoffs of settings of n runs each.

    The interval of the cutoff holds those whose ERT cannot be told from the least. A bootstrap
    gives the regret at the observed best, ERT*(c) / min ERT*, of resampled runs; a cutoff belongs
    to the interval where ERT(c) / min ERT is within the quantile of that at 1 - (1 - confidence)
    / 5. Nominal 95 % intervals then hold the true argmin in 90 to 99 % of samples of 30 and in 93
    to 98 % of samples of 100 (`python -m tests.benchmarks.coverage`): least where nearly all runs
    are solved, so that the best cutoff lies among the few slowest. At the plain quantile it is 73
    to 95 %, and the percentiles of the bootstrapped argmin hold it in 57 to 93 %: the argmin
    converges with the cube root of n, where such a bootstrap is inconsistent (Kim & Pollard 1990;
    Abrevaya & Huang 2005). Half samples were no better where it matters.

    The interval of the least ERT is that of ERT at the observed cutoff, its upper end raised by
    twice the mean logarithm of the same regret, because the least of many is too low: by that much
    in the sample, and as much again in resamples of it.

    Args:
        settings: (k,) ascending epochs to solve of each, none beyond its limit.
        n: number of runs of every setting, solved or not.
        limits: of each setting, in epochs.
        confidence: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap; the resamples are the same for all settings of n runs.
    """
    curves = [part(ascending, n, ascending).ert(confidence) for ascending in settings]
    # Ranks, not times: among equal times the last has the count of all of them.
    best = [int(np.argmin(curve[0])) if len(curve[0]) else -1 for curve in curves]
    last = [
        int(np.searchsorted(ascending, ascending[j], side="right")) - 1 if j >= 0 else -1
        for ascending, j in zip(settings, best, strict=True)
    ]
    regrets = _regrets(settings, last, n, resamples, seed)
    level = 1 - (1 - confidence) / 5
    found = []
    for ascending, limit, (ert, low, high), j, regret in zip(
        settings, limits, curves, last, regrets, strict=True
    ):
        if j < 0:
            none = part(ascending, n, limit).ert(confidence)
            found.append(BestCutoff(np.nan, 0.0, limit, np.inf, float(none[1]), np.inf))
            continue
        allowed = float(np.quantile(regret, level, method="inverted_cdf"))
        ends = _cutoff_ends(ascending, ert, n, limit, ert[j] * allowed)
        finite = regret[np.isfinite(regret)]
        optimism = float(np.mean(np.log(finite))) if len(finite) else np.inf
        top = float(high[j] * np.exp(2 * optimism))
        found.append(
            BestCutoff(float(ascending[j]), *ends, float(ert[j]), float(low[j]), top)
        )
    return found


def _regrets(
    settings: list[Floats], best: list[int], n: int, resamples: int, seed: int
) -> list[Floats]:
    """ERT* at the observed best cutoff over the least ERT*, (resamples,) for each setting."""
    steps = [np.diff(ascending, prepend=0.0) for ascending in settings]
    regrets = [np.full(resamples, np.inf) for _ in settings]
    most = max((len(ascending) for ascending in settings), default=0)
    if most == 0:
        return regrets
    start = 0
    for counts in counts_in_blocks(n, resamples, seed):
        stop = start + len(counts)
        solved = np.cumsum(counts[:, :most], axis=1)
        unsolved_before = np.concatenate([np.full((len(counts), 1), float(n)), n - solved], axis=1)
        # None solved by then: infinite.
        with np.errstate(divide="ignore"):
            per_success = 1 / solved
        for step, j, regret in zip(steps, best, regrets, strict=True):
            k = len(step)
            if k == 0:
                continue
            # n times RMST: the area under the survival curve, in one running sum.
            ert = unsolved_before[:, :k] * step
            np.cumsum(ert, axis=1, out=ert)
            # A first success at epoch 0 is nothing times infinity in resamples without it.
            with np.errstate(invalid="ignore"):
                ert *= per_success[:, :k]
                here = ert[:, j] / np.fmin.reduce(ert, axis=1)
            regret[start:stop] = np.where(np.isnan(here), np.inf, here)
        start = stop
    return regrets


def _cutoff_ends(
    ascending: Floats, ert: Floats, n: int, limit: float, allowed: float
) -> tuple[float, float]:
    """First and last cutoff at which ERT may be within what is allowed."""
    if not np.isfinite(allowed):
        return 0.0, limit
    within = np.flatnonzero(ert <= allowed)
    first, final = int(within[0]), int(within[-1])
    earlier = ascending[ascending < ascending[first]]
    low = float(earlier[-1]) if len(earlier) else 0.0
    # Between successes ERT rises by (n - k) / k per epoch.
    k = int(np.searchsorted(ascending, ascending[final], side="right"))
    following = float(ascending[k]) if k < len(ascending) else limit
    room = (allowed - ert[final]) * k / (n - k) if k < n else np.inf
    return low, float(min(ascending[final] + room, following, limit))


def _sorted(
    time: npt.ArrayLike, solved: npt.ArrayLike, cutoff: npt.ArrayLike
) -> tuple[Floats, int, float]:
    time, told = np.asarray(time, float), np.asarray(solved, bool)
    if time.size == 0:
        raise ValueError("time: there are no runs")
    followed = float(np.min(time[~told])) if (~told).any() else np.inf
    highest = float(np.max(cutoff))
    if highest > followed:
        raise ValueError(
            f"cutoff={highest:g}: must not be beyond {followed:g}, the epoch to which every run "
            "was followed; what would have become of the others is not known"
        )
    return np.sort(time[told]), len(time), followed
