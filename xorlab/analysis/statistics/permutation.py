"""Exact and permutation tests: p-values that hold for few runs and few events.

Two-sided p-values are twice the smaller of the two tails, at most 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import special

from xorlab.analysis.statistics.intervals import Floats

DRAWS = 9_999
_MOST_EXACT = 13  # of so many distinct scores all 8,192 subsets are looked at
_MOST_PARTS, _LONGEST = 60, 20_000  # of the smallest size, and of all sizes together
_FEW_DRAWS = 0.002  # a p-value that ten draws of 9,999 decide
_STEPS, _MOST_PLACES = 8_192, 20_000  # of rounded sums, and products of both sizes
_BLOCK = 500_000  # random numbers at a time
_ROUNDING = 1e-9


def smallest_p(n_a: int, n_b: int, events: int | None = None) -> float:
    """The smallest two-sided p-value that an exact rank or permutation test can have.

    For three runs against three it is 0.1, 2 of 20 ways to divide six runs into two groups, so
    they can never be significant at 0.05. If few runs are solved, fewer ways differ: with 2 solved
    runs in 20 against 20 the least p is 0.49.

    Args:
        n_a: number of runs of A.
        n_b: number of runs of B.
        events: how many of all runs were solved; None for all.
    """
    total = n_a + n_b
    events = total if events is None else events

    def most_extreme(n: int) -> float:
        """The probability that a group of n gets the first events, as many as it can hold."""
        first = min(n, events)
        if first < n:
            return math.exp(_log_choose(total - first, n - first) - _log_choose(total, n))
        return math.exp(-_log_choose(total, n))

    return min(1.0, 2 * min(most_extreme(n_a), most_extreme(n_b)))


def permutation_p(a: Floats, b: Floats, seed: int = 0) -> float:
    """Permutation test that two samples of scores have the same distribution.

    The statistic is the sum of one sample's scores. The most frequent score, that of the unsolved
    runs, is drawn as a block, so that few events cost little among many runs. With at most 13
    other scores the test is exact, otherwise from 9,999 permutations. A p-value below 0.002, too
    small for these, is that of all permutations of scores which are rounded to a thousandth or so;
    thousands of such scores are too many for that.

    Args:
        a: (n,) scores.
        b: (m,) scores.
        seed: of the permutations.
    """
    if (len(b), *np.sort(b)) < (len(a), *np.sort(a)):
        a, b = b, a
    values, counts = np.unique(np.round(np.concatenate([a, b]), 12), return_counts=True)
    usual = int(np.argmax(counts))
    counts[usual] = 0
    others = np.repeat(values, counts) - values[usual]
    seen = float((np.round(a, 12) - values[usual]).sum())
    n, total = len(a), len(a) + len(b)
    if len(others) <= _MOST_EXACT:
        return _exact(others, n, total, seen)
    p = _drawn(others, n, total, seen, seed)
    if p > _FEW_DRAWS or min(n, len(others)) * len(others) > _MOST_PLACES:
        return p
    return _of_rounded(others, n, total, seen)


def sign_flip_p(differences: Floats, seed: int = 0) -> float:
    """Test that differences of pairs are as often positive as negative, each with its size.

    Exact where all that are not 0 have the same size (then it is the sign test, and for solved and
    unsolved McNemar's, in its exact form), or are whole numbers of a common part, as the means of a
    few runs are; otherwise from 9,999 random signs.

    Args:
        differences: (m,) one for each pair.
        seed: of the signs.
    """
    own = differences[np.abs(differences) > _ROUNDING]
    if not len(own):
        return 1.0
    sizes = np.abs(own)
    if np.ptp(sizes) < _ROUNDING:
        fewer = int(min((own > 0).sum(), (own < 0).sum()))
        return min(1.0, 2 * float(special.bdtr(fewer, len(own), 0.5)))
    steps = _in_parts(sizes)
    if steps is not None:
        return _sign_flips(steps, int(steps[own > 0].sum()))
    generator = np.random.default_rng([seed, len(own)])
    ascending, sums = np.sort(sizes), np.empty(DRAWS)
    for rows in _blocks(len(own)):
        signs = 2 * generator.integers(0, 2, (rows.stop - rows.start, len(own))) - 1
        sums[rows] = signs @ ascending
    return _two_sided(sums, float(own.sum()))


def _in_parts(sizes: Floats) -> npt.NDArray[np.int64] | None:
    """How many parts each size has, of the largest part that all of them have; None for none."""
    for parts in range(1, _MOST_PARTS + 1):
        steps = sizes / sizes.min() * parts
        whole = np.rint(steps)
        if np.abs(steps - whole).max() < _ROUNDING * whole.max():
            return whole.astype(np.int64) if whole.sum() <= _LONGEST else None
    return None


def _sign_flips(steps: npt.NDArray[np.int64], seen: int) -> float:
    """Twice the smaller tail of the sum of those steps that are positive, each at even odds."""
    chance = np.zeros(int(steps.sum()) + 1)
    chance[0] = 1.0
    for step in steps:
        chance *= 0.5
        chance[step:] += chance[:-step].copy()
    tails = chance[: seen + 1].sum(), chance[seen:].sum()
    return float(np.clip(2 * min(tails), np.finfo(float).tiny, 1.0))


def fisher_p(solved_a: int, n_a: int, solved_b: int, n_b: int) -> float:
    """Fisher's (1935) exact test of two success rates."""
    total, solved = n_a + n_b, solved_a + solved_b
    k = np.arange(max(0, solved - n_b), min(solved, n_a) + 1)
    logs = np.array([_log_choose(n_a, int(i)) + _log_choose(n_b, solved - int(i)) for i in k])
    chance = np.exp(logs - _log_choose(total, solved))
    low, high = chance[k <= solved_a].sum(), chance[k >= solved_a].sum()
    return float(min(1.0, 2 * min(low, high)))


def _exact(others: Floats, n: int, total: int, seen: float) -> float:
    """All subsets of the scores that are not the usual one, each with its probability."""
    d = len(others)
    members = (np.arange(2**d)[:, None] >> np.arange(d)) & 1
    sizes = members.sum(axis=1)
    each = np.array(
        [
            math.exp(_log_choose(total - d, n - h) - _log_choose(total, n))
            if 0 <= n - h <= total - d
            else 0.0
            for h in range(d + 1)
        ]
    )
    sums, chance = members @ others, each[sizes]
    low = float(chance[sums <= seen + _ROUNDING].sum())
    high = float(chance[sums >= seen - _ROUNDING].sum())
    return min(1.0, 2 * min(low, high))


def _drawn(others: Floats, n: int, total: int, seen: float, seed: int) -> float:
    d = len(others)
    generator = np.random.default_rng([seed, n, total, d])
    sums = np.empty(DRAWS)
    for rows in _blocks(d):
        count = rows.stop - rows.start
        # A random subset of the given size: those whose random number is among the smallest.
        sizes = generator.hypergeometric(d, total - d, n, count)
        keys = generator.random((count, d))
        ranks = np.argsort(np.argsort(keys, axis=1), axis=1)
        sums[rows] = (ranks < sizes[:, None]) @ others
    return _two_sided(sums, seen)


def _of_rounded(others: Floats, n: int, total: int, seen: float) -> float:
    """The same of all subsets, by the distribution of the sum of their rounded scores.

    One score after the other is in the subset, or not, with the odds of a draw without putting
    back. Rounding is the same for both samples, so that the level holds; the tail takes in sums
    that rounding may have moved.
    """
    unit = np.abs(others).sum() / _STEPS
    steps = np.rint(others / unit).astype(np.int64)
    lowest, highest = int(steps[steps < 0].sum()), int(steps[steps > 0].sum())
    most, d = min(n, len(steps)), len(steps)
    chance = np.zeros((most + 1, highest - lowest + 1))  # by size of the subset, and by sum
    chance[0, -lowest] = 1.0
    for place, step in enumerate(steps.tolist()):
        taken = np.arange(most + 1)
        odds = np.clip((n - taken) / (total - place), 0.0, 1.0)[:, None]
        moved = np.roll(chance * odds, step, axis=1)[:-1]
        chance *= 1 - odds
        chance[1:] += moved
    sums = unit * np.arange(lowest, highest + 1)
    each = chance.sum(axis=0)
    moved_by = unit * math.sqrt(d)  # several standard errors of a sum of rounded scores
    low, high = each[sums <= seen + moved_by].sum(), each[sums >= seen - moved_by].sum()
    return float(np.clip(2 * min(low, high), np.finfo(float).tiny, 1.0))


def _blocks(each: int) -> Iterator[slice]:
    """The draws in parts that need little memory, where one draw is so many random numbers."""
    width = max(1, _BLOCK // each)
    return (slice(start, min(start + width, DRAWS)) for start in range(0, DRAWS, width))


def _two_sided(sums: npt.NDArray[np.float64], seen: float) -> float:
    low = 1 + int((sums <= seen + _ROUNDING).sum())
    high = 1 + int((sums >= seen - _ROUNDING).sum())
    return min(1.0, 2 * min(low, high) / (len(sums) + 1))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
