"""Where to give up a run and start another: the cutoff that costs least, and the curve over all.

ERT(c), see `xorlab.analysis.statistics.running_time`, is what a success costs when every run is
given up after c epochs. All functions take times in which all runs have the
same limit: see `xorlab.analysis.statistics.times.Times.common`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.analysis.statistics.bootstrap import RESAMPLES, counts_in_blocks
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.running_time import followed_to, part

# In epochs: stands for 0.
_INSTANT = 1e-200


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
    ascending, n = followed_to(time, solved, limit)
    return best_cutoffs([ascending[ascending <= limit]], n, [limit], confidence, resamples, seed)[0]


@dataclass(frozen=True)
class RestartCurve:
    """ERT as a function of the cutoff.

    Attributes:
        cutoffs: (m,) in epochs, ascending.
        ert: (m,) expected running time there, infinite before the first success.
        low: (m,) lower end of its interval at each cutoff by itself.
        high: (m,) upper end.
        best: the best of all cutoffs.
    """

    cutoffs: Floats
    ert: Floats
    low: Floats
    high: Floats
    best: BestCutoff


def restart_curve(
    time: npt.ArrayLike,
    solved: npt.ArrayLike,
    limit: float,
    cutoffs: npt.ArrayLike | None = None,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> RestartCurve:
    """The curve of ERT over cutoffs, with its band and the best cutoff, for a figure.

    Args:
        time: (n,) epochs to solve, or to the limit.
        solved: (n,) which of the two.
        limit: to which every run was followed, in epochs.
        cutoffs: (m,) where to evaluate; None for every epoch at which a run was solved, the one
            before it (ERT falls at successes and rises between them), and the limit.
        confidence: of the band, at each cutoff by itself, and of the best cutoff.
        resamples: of the bootstrap behind the best cutoff.
        seed: of the same.

    Raises:
        ValueError: no runs, or cutoffs beyond the epoch to which every run was followed.
    """
    chosen = None if cutoffs is None else np.sort(np.asarray(cutoffs, float))
    ascending, n = followed_to(time, solved, limit if chosen is None else [limit, *chosen])
    within = ascending[ascending <= limit]
    if chosen is None:
        chosen = np.unique([*within, *np.maximum(within - 1, 0.0), limit])
    band = part(ascending, n, chosen).ert(confidence)
    (best,) = best_cutoffs([within], n, [limit], confidence, resamples, seed)
    return RestartCurve(chosen, *band, best)


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
    / 5, a level that was chosen by simulation. Nominal 95 % intervals then hold the true argmin in
    92 to 99 % of samples of 30 and in 93 to 99 % of samples of 100
    (`python -m tests.benchmarks.coverage`): not nominal, least where nearly all runs are solved
    within a narrow range, so that the best cutoff lies among the few slowest. At the plain quantile
    it is 82 to 94 %, with percentiles of the bootstrapped argmin 57 to 93 %: an argmin may
    converge with the cube root of n only, where that bootstrap is inconsistent (Kim & Pollard 1990;
    Abrevaya & Huang 2005).

    The interval of the least ERT is that of ERT at the observed cutoff, its upper end raised by
    twice the mean logarithm of the same regret, because the least of many is too low: by that much
    in the sample, and as much again in resamples of it. It holds the truth in 96 to 97 %.

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
        most = float(ert[j]) * allowed if np.isfinite(allowed) else np.inf
        ends = _cutoff_ends(ascending, ert, n, limit, most)
        finite = regret[np.isfinite(regret)]
        optimism = float(np.mean(np.log(finite))) if len(finite) else np.inf
        top = float(high[j] * np.exp(2 * optimism))
        found.append(BestCutoff(float(ascending[j]), *ends, float(ert[j]), float(low[j]), top))
    return found


def _regrets(
    settings: list[Floats], best: list[int], n: int, resamples: int, seed: int
) -> list[Floats]:
    """ERT* at the observed best cutoff over the least ERT*, (resamples,) for each setting."""
    # A first success at epoch 0 would be nothing times infinity in resamples without it.
    steps = [np.diff(np.maximum(ascending, _INSTANT), prepend=0.0) for ascending in settings]
    regrets = [np.full(resamples, np.inf) for _ in settings]
    most = max((len(ascending) for ascending in settings), default=0)
    if most == 0:
        return regrets
    start = 0
    for counts in counts_in_blocks(n, resamples, seed):
        stop = start + len(counts)
        solved = np.cumsum(counts[:, :most], axis=1)
        left = n - solved + counts[:, :most]
        with np.errstate(divide="ignore"):
            per_success = 1 / solved
        room = np.empty(solved.shape)
        for step, j, regret in zip(steps, best, regrets, strict=True):
            k = len(step)
            if k == 0:
                continue
            # n times RMST is the area under the survival curve: one running sum.
            ert = room[:, :k]
            np.multiply(left[:, :k], step, out=ert)
            np.cumsum(ert, axis=1, out=ert)
            np.multiply(ert, per_success[:, :k], out=ert)
            with np.errstate(invalid="ignore"):
                here = ert[:, j] / ert.min(axis=1)
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
