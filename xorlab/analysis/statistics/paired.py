"""Two settings compared seed by seed: how often each of a pair is solved, and solved sooner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xorlab.analysis.statistics.design import Numbers, Side
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, z_value
from xorlab.analysis.statistics.superiority import superiority


@dataclass(frozen=True)
class Pairs:
    """What A has over B, for each of m seeds.

    Attributes:
        rates: (m,) share of A's runs of the seed that were solved, minus that of B's.
        sooner: (m,) probability that a run of A is solved before one of B, minus that it is later;
            for one run each it is 1, 0 or -1. Two unsolved runs are tied.
    """

    rates: Floats
    sooner: Floats


def pairs_of(a: Side, b: Side, limit: float, shared: Numbers) -> Pairs:
    """The runs of both settings seed by seed, followed to the same limit.

    Args:
        a: setting A.
        b: setting B.
        limit: in epochs.
        shared: (m,) the seeds that both have, ascending.
    """
    by_seed = [_by_seed(side, limit, shared) for side in (a, b)]
    if all(len(ends) == len(shared) for ends, _ in by_seed):
        x, y = (ranked for _, ranked in by_seed)
        rates = np.isfinite(x).astype(float) - np.isfinite(y)
        return Pairs(rates, (x < y).astype(float) - (x > y))
    rates, sooner = np.empty(len(shared)), np.empty(len(shared))
    split = [np.split(ranked, np.searchsorted(seeds, shared[1:])) for seeds, ranked in by_seed]
    for j, (x, y) in enumerate(zip(*split, strict=True)):
        rates[j] = np.isfinite(x).mean() - np.isfinite(y).mean()
        sooner[j] = 2 * superiority(x, y) - 1
    return Pairs(rates, sooner)


def paired_interval(
    differences: Floats, confidence: float = CONFIDENCE
) -> tuple[float, float, float]:
    """Mean of differences between -1 and 1, and its interval: Bonett & Price (2012).

    It is made for the difference of two success rates in pairs, where a difference is -1, 0 or 1.
    Differences between these, of seeds with several runs, spread less, and it is cautious.
    """
    m = len(differences)
    plus, minus = np.maximum(differences, 0).sum(), np.maximum(-differences, 0).sum()
    p, q = (plus + 1) / (m + 2), (minus + 1) / (m + 2)
    half = z_value(confidence) * np.sqrt((p + q - (p - q) ** 2) / (m + 2))
    low, high = max(-1.0, float(p - q - half)), min(1.0, float(p - q + half))
    return float(differences.mean()), low, high


def _by_seed(side: Side, limit: float, shared: Numbers) -> tuple[Numbers, Floats]:
    """The seeds of the runs that have a partner, ascending, and the epochs to solve of these."""
    times = side.times.common(limit)
    ranked = np.where(times.solved, times.time, np.inf)
    own = np.flatnonzero(np.isin(side.seeds, shared))
    own = own[np.argsort(side.seeds[own], kind="stable")]
    return side.seeds[own], ranked[own]
