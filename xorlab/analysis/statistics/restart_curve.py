"""Expected running time with restarts as a function of the cutoff, for figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.analysis.statistics.bootstrap import RESAMPLES
from xorlab.analysis.statistics.clusters import Clusters
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.restarts import BestCutoff, best_cutoffs
from xorlab.analysis.statistics.running_time import charged, followed_to, statistics_at


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
    clusters: Clusters | None = None,
) -> RestartCurve:
    """ERT as a function of the cutoff, with its band and the best cutoff, for a figure.

    Args:
        time: (n,) epochs to solve, or to the limit.
        solved: (n,) whether the run was solved.
        limit: the epoch to which every run was followed.
        cutoffs: (m,) where to evaluate it; None for each epoch at which a run was solved, the
            epoch before (ERT falls at successes and rises between them), and the limit. Less
            than one epoch counts as one.
        confidence: of the band, for each cutoff separately, and of the best cutoff.
        resamples: of the bootstrap for the best cutoff.
        seed: of that bootstrap.
        clusters: of the runs, where they are not independent.

    Raises:
        ValueError: no runs, or cutoffs beyond the epoch to which every run was followed.
    """
    chosen = None if cutoffs is None else np.unique(charged(cutoffs))
    ascending, n = followed_to(time, solved, limit if chosen is None else [limit, *chosen])
    ascending = charged(ascending)
    within = ascending[ascending <= limit]
    if chosen is None:
        chosen = np.unique([*within, *charged(within - 1), limit])
    weight = 1.0
    if clusters is not None:
        weight = clusters.weight
        late = np.where(np.asarray(solved, bool), np.asarray(time, float), np.inf)
        clusters = clusters.of(np.argsort(late, kind="stable"))
    band = statistics_at(ascending, n, chosen, weight).ert(confidence)
    (best,) = best_cutoffs([within], n, [limit], confidence, resamples, seed, clusters)
    return RestartCurve(chosen, *band, best)
