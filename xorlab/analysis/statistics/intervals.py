"""Confidence intervals of rates and means, and of sums and differences of estimates."""

from __future__ import annotations

from numbers import Real

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Pair = tuple[Floats, Floats]
CONFIDENCE = 0.95


def z_value(confidence: float) -> float:
    """The two-sided normal quantile: 1.96 for 0.95.

    Raises:
        ValueError: the confidence is not a number between 0 and 1.
    """
    refuse_outside("confidence", confidence, 0.0, 1.0)
    return float(special.ndtri(0.5 + confidence / 2))


def refuse_outside(name: str, value: object, low: float, high: float) -> None:
    """Refuse an argument that is not a number between two others, both excluded.

    Raises:
        ValueError: names the argument, its value and what is allowed.
    """
    if not (isinstance(value, Real) and low < float(value) < high):
        raise ValueError(f"{name}={value!r}: must be a number between {low:g} and {high:g}")


def wilson(solved: npt.ArrayLike, n: npt.ArrayLike, confidence: float = CONFIDENCE) -> Pair:
    """Wilson's (1927) score interval of a success rate.

    Nominal 95 % intervals cover 95 % on average over all rates, for samples of 5 to 100, but as few
    as 83 to 86 % at the worst one, which is near 0.18 / n (or 1 minus that): a rate so small
    that one success in n is already too many (exact, `python -m tests.benchmarks.coverage worst`).
    Of 10 runs they cover 92.4 % at a rate of 0.3 and 91.4 % at 0.95; `clopper_pearson` covers at
    least its level everywhere, with wider intervals.

    Args:
        solved: number of runs solved, any shape; need not be an integer.
        n: number of runs, at least 1; broadcast with ``solved``.
        confidence: of the interval.

    Returns:
        lower and upper ends; exactly 0 where no run and exactly 1 where every run is solved.
    """
    z2 = z_value(confidence) ** 2
    k, n = np.asarray(solved, float), np.asarray(n, float)
    half = np.sqrt(z2) * np.sqrt(np.maximum(k * (n - k) / n, 0.0) + z2 / 4)
    low = np.where(k <= 0, 0.0, (k + z2 / 2 - half) / (n + z2))
    high = np.where(k >= n, 1.0, (k + z2 / 2 + half) / (n + z2))
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def clopper_pearson(
    solved: npt.ArrayLike, n: npt.ArrayLike, confidence: float = CONFIDENCE
) -> Pair:
    """Clopper & Pearson's (1934) exact interval of a success rate.

    It covers at least its nominal level at every rate and number of runs, because it holds the
    rates that neither tail of the binomial distribution rules out. At 95 % it covers 98 to 99 % on
    average over all rates for 5 to 20 runs, and 97 % for 50 and 100 (exact, as for `wilson`).

    Args:
        solved: number of runs solved, any shape; need not be an integer.
        n: number of runs, at least 1; broadcast with ``solved``.
        confidence: of the interval.

    Returns:
        lower and upper ends; exactly 0 where no run and exactly 1 where every run is solved.
    """
    z_value(confidence)
    k, n = np.asarray(solved, float), np.asarray(n, float)
    none, every, tail = k <= 0, k >= n, (1 - confidence) / 2
    low = special.betaincinv(np.where(none, 1.0, k), np.maximum(n - k, 0.0) + 1, tail)
    high = special.betaincinv(k + 1, np.where(every, 1.0, n - k), 1 - tail)
    return np.where(none, 0.0, low), np.where(every, 1.0, high)


def newcombe(
    solved_a: npt.ArrayLike,
    n_a: npt.ArrayLike,
    solved_b: npt.ArrayLike,
    n_b: npt.ArrayLike,
    confidence: float = CONFIDENCE,
) -> Pair:
    """Interval of the difference of two success rates, A minus B: Newcombe (1998), method 10.

    Nominal 95 % intervals cover 95 to 96 % on average over all pairs of rates, for samples of 5 to
    100. At the worst pairs they cover 86 % (n = 5), 88 % (n = 20; rates of 0.02 and 0.98) and
    92 % (n = 50 and 100) (exact, `python -m tests.benchmarks.coverage worst`).
    """
    a, b = np.asarray(solved_a) / np.asarray(n_a), np.asarray(solved_b) / np.asarray(n_b)
    a_low, a_high = wilson(solved_a, n_a, confidence)
    b_low, b_high = wilson(solved_b, n_b, confidence)
    return mover(a, (a_low, a_high), -b, (-b_high, -b_low))


def mover(a: Floats, a_ends: Pair, b: Floats, b_ends: Pair) -> Pair:
    """Interval of a + b from the intervals of two independent estimates (Zou & Donner 2008).

    On each side the squared distances to the ends add up, so the intervals need not be symmetric.
    For two rates this is Newcombe's method.
    """
    low = a + b - np.hypot(a - a_ends[0], b - b_ends[0])
    high = a + b + np.hypot(a_ends[1] - a, b_ends[1] - b)
    return low, high


def mean_interval(
    mean: Floats, deviation: Floats, n: Floats, highest: Floats, confidence: float = CONFIDENCE
) -> Pair:
    """Student's interval of a mean of positive numbers, on the logarithmic scale.

    Args:
        mean: the mean of n numbers between 0 and ``highest``.
        deviation: their standard deviation (n - 1 in the denominator).
        n: how many numbers; for a single one the interval is from 0 to ``highest``.
        highest: upper bound of the numbers.
        confidence: of the interval.
    """
    z_value(confidence)
    n = np.asarray(n, float)
    quantile = special.stdtrit(np.maximum(n - 1, 1), 0.5 + confidence / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(mean > 0, quantile * deviation / (mean * np.sqrt(n)), 0.0)
        low, high = mean * np.exp(-relative), mean * np.exp(np.minimum(relative, 700.0))
    alone = n < 2
    return np.where(alone, 0.0, low), np.where(alone, highest, np.minimum(high, highest))
