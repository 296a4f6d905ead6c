"""When to stop a run and start another: the cutoff with the least cost, and cost by cutoff.

ERT(c), see `xorlab.analysis.statistics.running_time`, is the cost of a success in epochs when each
run is stopped after c epochs. All functions take times of runs with the same limit: see
`xorlab.analysis.statistics.times.Times.common`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.analysis.statistics.bootstrap import RESAMPLES, counts_in_blocks
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.running_time import followed_to, statistics_at

# Epochs; stands for 0.
_INSTANT = 1e-200


@dataclass(frozen=True)
class BestCutoff:
    """The cutoff with the least ERT.

    Attributes:
        cutoff: epochs after which to stop a run: the smallest c that minimises ERT(c); NaN where
            no run was solved.
        low: lower end of its interval.
        high: upper end.
        ert: ERT with that cutoff.
        ert_low: lower end of its interval.
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
    return best_cutoffs([ascending[ascending <= limit]], n, [limit], confidence, resamples, seed)[0]


@dataclass(frozen=True)
class RestartCurve:
    """ERT as a function of the cutoff.

    Attributes:
        cutoffs: (m,) in epochs, ascending.
        ert: (m,) expected running time there, infinite before the first success.
        low: (m,) lower end of its interval, for each cutoff separately.
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
    """ERT as a function of the cutoff, with its band and the best cutoff, for a figure.

    Args:
        time: (n,) epochs to solve, or to the limit.
        solved: (n,) whether the run was solved.
        limit: the epoch to which every run was followed.
        cutoffs: (m,) where to evaluate it; None for each epoch at which a run was solved, the
            epoch before (ERT falls at successes and rises between them), and the limit.
        confidence: of the band, for each cutoff separately, and of the best cutoff.
        resamples: of the bootstrap for the best cutoff.
        seed: of that bootstrap.

    Raises:
        ValueError: no runs, or cutoffs beyond the epoch to which every run was followed.
    """
    chosen = None if cutoffs is None else np.sort(np.asarray(cutoffs, float))
    ascending, n = followed_to(time, solved, limit if chosen is None else [limit, *chosen])
    within = ascending[ascending <= limit]
    if chosen is None:
        chosen = np.unique([*within, *np.maximum(within - 1, 0.0), limit])
    band = statistics_at(ascending, n, chosen).ert(confidence)
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
    """Best cutoffs of settings with n runs each.

    The interval of the cutoff holds the cutoffs whose ERT is not clearly above the least. For
    resampled runs, marked by a star, the regret of the observed best cutoff c is
    ERT*(c) / min ERT*. A cutoff belongs to the interval if its ERT(c) / min ERT is at most the
    quantile of that regret at 1 - (1 - confidence) / 5, a level chosen by simulation. Nominal 95 %
    intervals then covered the true best cutoff in 92 to 99 % of samples of 30 and in 93 to 99 % of
    samples of 100 (`python -m tests.benchmarks.coverage`). Coverage was lowest where nearly all
    runs are solved within a narrow range, because the best cutoff then depends on the few slowest.
    At the quantile for ``confidence`` itself it was 82 to 94 %, and with percentiles of the
    bootstrapped best cutoff 57 to 93 %: the position of a minimum may converge only with the cube
    root of n, and that bootstrap is then inconsistent (Kim & Pollard 1990; Abrevaya & Huang 2005).

    The interval of the least ERT is that of ERT at the observed cutoff, with its upper end
    multiplied by the exponential of twice the mean logarithm of the regret. The least of many
    estimates is too low by about that factor once in the sample, and once more in its resamples.
    These intervals covered the truth in 96 to 97 %.

    Args:
        settings: for each setting the epochs to solve of its solved runs, (k,) ascending, none
            beyond its limit.
        n: number of runs of each setting, solved or not.
        limits: of each setting, in epochs.
        confidence: of the intervals.
        resamples: of the bootstrap.
        seed: of the bootstrap; all settings share the same resamples.
    """
    curves = [statistics_at(ascending, n, ascending).ert(confidence) for ascending in settings]
    # Of equal times the last one, because its rank counts all of them.
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
            none = statistics_at(ascending, n, limit).ert(confidence)
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
    """ERT* at the observed best cutoff divided by the least ERT*, (resamples,) per setting.

    Args:
        settings: for each setting the ascending epochs to solve, (k,).
        best: the index of the best cutoff among them; -1 if there are none.
        n: number of runs of each setting.
        resamples: number of resamples.
        seed: of the bootstrap.
    """
    # With a success at epoch 0, resamples without it would multiply 0 by infinity.
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
            # n times RMST is the area under the survival curve, a cumulative sum.
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
    """First and last cutoff at which ERT may be at most ``allowed``."""
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
