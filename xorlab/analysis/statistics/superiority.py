"""The probability that a run of one setting solves sooner than one of another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import special

from xorlab.analysis.statistics.bisection import narrowed
from xorlab.analysis.statistics.bootstrap import RESAMPLES, counts_in_blocks
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, z_value

Ranks = npt.NDArray[np.intp]
Counts = npt.NDArray[np.int32]  # half the memory of floats, and as exact
# Resamples of up to so many numbers are kept for later pairs of settings of the same sizes.
_KEPT = 10_000_000
_FEW = 10  # runs: of fewer, resamples show too little spread


class Resamples:
    """Resamples of the runs of two settings, drawn once for all pairs of the same sizes.

    Attributes:
        resamples: how many.
        seed: of the bootstrap.
    """

    def __init__(self, resamples: int = RESAMPLES, seed: int = 0) -> None:
        self.resamples = resamples
        self.seed = seed
        self._made: dict[tuple[int, int], list[tuple[Counts, Counts]]] = {}

    def blocks(self, n: int, m: int) -> Iterator[tuple[Counts, Counts]]:
        """Resamples in blocks of R, drawn on first use.

        Args:
            n: number of A's runs.
            m: number of B's runs.

        Yields:
            (R, n) how often each run of A occurs, and (R, m + 1) the cumulative sums of how often
            each run of B does, starting with 0.
        """
        if (n, m) in self._made:
            yield from self._made[n, m]
            return
        kept: list[tuple[Counts, Counts]] | None = [] if (n + m) * self.resamples <= _KEPT else None
        width = max(1, _KEPT // (20 * (n + m)))
        for a, b in zip(
            counts_in_blocks(n, self.resamples, self.seed, 1, width),
            counts_in_blocks(m, self.resamples, self.seed, 2, width),
            strict=True,
        ):
            sums = np.zeros((len(b), m + 1), np.int32)
            np.cumsum(b, axis=1, out=sums[:, 1:], dtype=np.int32)
            pair = a.astype(np.int32), sums
            if kept is not None:
                kept.append(pair)
            yield pair
        if kept is not None:
            self._made[n, m] = kept


def superiority(a: Floats, b: Floats) -> float:
    """P(A < B) + P(A = B) / 2: Mann & Whitney's (1947) U divided by the number of pairs.

    Args:
        a: (n,) epochs to solve of A's runs, infinite where not solved.
        b: (m,) the same for B.
    """
    earlier, up_to = _ranks(a, np.sort(b))
    return float((2 * len(b) - earlier - up_to).sum() / (2 * len(a) * len(b)))


def superiority_interval(
    a: Floats, b: Floats, confidence: float = CONFIDENCE, store: Resamples | None = None
) -> tuple[float, float, float]:
    """The probability of `superiority` with its interval.

    The interval is normal on the logit scale; the standard deviation of the logit comes from a
    bootstrap of the runs of both settings. Where every pair has the same result, or where the
    bootstrap shows no spread, it is the interval of Newcombe (2006), method 5; where fewer than ten
    runs decide, because nearly all runs of a setting come before those of the other, it is the
    wider of both. Nominal 95 % intervals covered the truth in 94.5 to 98.8 % of 2,000 samples of 50
    and 100, for probabilities from 0.5 to 0.987; of 10 and 20 runs in 96.8 to 99.5 %.
    Percentiles of the same bootstrap covered it in 68 to 95 %, fewest near 0 and 1
    (`python -m tests.benchmarks.coverage pairs`).

    Args:
        a: (n,) epochs to solve of A's runs, infinite where not solved.
        b: (m,) the same for B.
        confidence: of the interval.
        store: the resamples; None for 2,000 with seed 0.

    Returns:
        probability, lower and upper end. Exchanging a and b gives 1 minus these, up to rounding.
    """
    a, b = np.sort(a), np.sort(b)
    if (len(b), *b) < (len(a), *a):
        estimate, low, high = superiority_interval(b, a, confidence, store)
        return 1 - estimate, 1 - high, 1 - low
    n, m = len(a), len(b)
    estimate = superiority(a, b)
    earlier, up_to = _ranks(a, b)
    drawn = []
    for counts, sums in (store or Resamples()).blocks(n, m):
        pairs = 2 * m - sums[:, earlier] - sums[:, up_to]
        drawn.append(np.einsum("ij,ij->i", counts, pairs, dtype=np.float64) / (2 * n * m))
    least = 1 / (2 * n * m)
    spread = float(np.std(special.logit(np.clip(np.concatenate(drawn), least, 1 - least))))
    if not 0 < estimate < 1 or spread == 0:
        return estimate, *newcombe_interval(estimate, n, m, confidence)
    middle, half = float(special.logit(estimate)), z_value(confidence) * spread
    low, high = float(special.expit(middle - half)), float(special.expit(middle + half))
    if min(_undecided(earlier, up_to, m), _undecided(*_ranks(b, a), n)) < _FEW:
        other = newcombe_interval(estimate, n, m, confidence)
        low, high = min(low, other[0]), max(high, other[1])
    return estimate, low, high


def _undecided(earlier: Ranks, up_to: Ranks, others: int) -> int:
    """How many runs are neither as most are: before all runs of the other setting, or after all."""
    pairs = earlier + up_to
    return int(min((pairs > 0).sum(), (pairs < 2 * others).sum()))


def _ranks(a: Floats, ascending: Floats) -> tuple[Ranks, Ranks]:
    """How many of the ascending values are less than each of a, and how many are at most it."""
    return (
        np.searchsorted(ascending, a, side="left"),
        np.searchsorted(ascending, a, side="right"),
    )


def newcombe_interval(estimate: float, n: int, m: int, confidence: float) -> tuple[float, float]:
    """Interval of a probability of `superiority`: Newcombe (2006), method 5.

    It holds the probabilities within z of their own standard errors, for n runs of A and m of B.
    """
    z, mean = z_value(confidence), (n + m) / 2

    def within(p: Floats) -> npt.NDArray[np.bool_]:
        shape = 1 + (mean - 1) * ((1 - p) / (2 - p) + p / (1 + p))
        near: npt.NDArray[np.bool_] = (p - estimate) ** 2 <= z * z * p * (1 - p) * shape / (n * m)
        return near

    bounds = np.array([0.0, 1.0])
    inside, outside = narrowed(np.full(2, estimate), bounds, within)
    low, high = np.where(outside == bounds, bounds, inside)
    return float(low), float(high)
