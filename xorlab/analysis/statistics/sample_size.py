"""How many seeds a claim needs."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from xorlab.analysis.statistics.intervals import CONFIDENCE, wilson, z_value

POWER = 0.8


def seeds_needed(
    *,
    half_width: float | None = None,
    rate: float = 0.5,
    rates: tuple[float, float] | None = None,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> int:
    """Seeds per setting, to know a success rate, or to tell two apart.

    Give one of the two:

    Args:
        half_width: half the length that Wilson's (1927) interval shall have at most, in shares of
            1, if ``rate`` of the runs are solved.
        rate: what is expected; 0.5 is the worst case.
        rates: two success rates. The seeds per setting with which a two-sided test at level
            1 - confidence, such as Newcombe's interval leaving out 0, tells them apart in a share
            ``power`` of experiments: Fleiss (1981), equation 3.14, without correction for
            continuity. In simulations the power is within 0.05 of the one asked for where
            both rates are between 0.05 and 0.95.
        power: see ``rates``.
        confidence: of the interval, or of the claim.

    Returns:
        the number of seeds, at least 1; of each of the two settings.

    Raises:
        ValueError: both or neither of ``half_width`` and ``rates``, equal rates, or a value that
            is not within its bounds.

    Examples:
        >>> seeds_needed(half_width=0.1)
        93
        >>> seeds_needed(rates=(0.5, 0.7))
        93
    """
    z = z_value(confidence)
    if (half_width is None) == (rates is None):
        raise ValueError("give either half_width (of a rate's interval) or rates (two to tell)")
    if half_width is not None:
        _check("half_width", half_width, 0.0, 0.5)
        if not 0 <= rate <= 1:
            raise ValueError(f"rate={rate}: must be between 0 and 1")
        return _for_half_width(half_width, rate, confidence)
    assert rates is not None  # noqa: S101  (one of the two is given)
    _check("power", power, 0.0, 1.0)
    a, b = rates
    if not (0 <= a <= 1 and 0 <= b <= 1 and a != b):
        raise ValueError(f"rates={rates}: must be two different numbers between 0 and 1")
    middle = (a + b) / 2
    spread = z * math.sqrt(2 * middle * (1 - middle))
    spread += float(special.ndtri(power)) * math.sqrt(a * (1 - a) + b * (1 - b))
    return max(2, math.ceil((spread / (a - b)) ** 2 - 1e-9))


def smallest_p(n_a: int, n_b: int) -> float:
    """The smallest two-sided p-value that an exact rank or permutation test can have.

    With three runs against three it is 0.1 (2 of the 20 ways to deal them): nothing they show is
    significant at 0.05.
    """
    logarithm = math.lgamma(n_a + n_b + 1) - math.lgamma(n_a + 1) - math.lgamma(n_b + 1)
    return min(1.0, 2 * math.exp(-logarithm))


def _for_half_width(half_width: float, rate: float, confidence: float) -> int:
    def wide(n: int) -> bool:
        low, high = wilson(rate * n, n, confidence)
        return float(np.subtract(high, low)) / 2 > half_width + 1e-12

    most = 1
    while wide(most):
        most *= 2
    least = most // 2  # too wide, or nothing
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if wide(middle) else (least, middle)
    return most


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low < value < high:
        raise ValueError(f"{name}={value}: must be between {low:g} and {high:g}")
