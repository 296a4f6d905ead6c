"""How many seeds an interval or a comparison needs."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from xorlab.analysis.statistics.bisection import first_enough
from xorlab.analysis.statistics.intervals import CONFIDENCE, refuse_outside, wilson, z_value

POWER = 0.8


def seeds_needed(
    *,
    half_width: float | None = None,
    rate: float = 0.5,
    rates: tuple[float, float] | None = None,
    power: float = POWER,
    confidence: float = CONFIDENCE,
) -> int:
    """Seeds per setting to estimate a success rate, or to detect a difference of two rates.

    Give either ``half_width`` or ``rates``.

    Args:
        half_width: half the length of Wilson's (1927) interval, as a share of 1; the result is
            the smallest number of runs at which it is at most this, if ``rate`` of them are
            solved.
        rate: the expected success rate; 0.5 is the worst case.
        rates: two success rates. The result is the number of seeds per setting at which a
            two-sided test at level 1 - confidence, such as whether Newcombe's interval excludes
            0, finds the difference in a share ``power`` of experiments, by default four of five:
            Fleiss (1981), equation 3.14, without continuity correction. In simulations the power
            was within 0.05 of ``power`` where both rates were between 0.05 and 0.95. It is for
            settings of which nothing is known yet: where they share initial weights and are
            compared in pairs, or where they differ in speed, fewer are needed.
        power: see ``rates``.
        confidence: of the interval, or 1 minus the level of the test.

    Returns:
        the number of seeds of each setting, at least 1.

    Raises:
        ValueError: both or neither of ``half_width`` and ``rates``, equal rates, or a value out
            of bounds.

    Examples:
        >>> seeds_needed(half_width=0.1)
        93
        >>> seeds_needed(rates=(0.5, 0.7))
        93
    """
    z = z_value(confidence)
    if (half_width is None) == (rates is None):
        raise ValueError("give either half_width (of a rate's interval) or rates (two to compare)")
    if half_width is not None:
        refuse_outside("half_width", half_width, 0.0, 0.5)
        if not 0 <= rate <= 1:
            raise ValueError(f"rate={rate}: must be between 0 and 1")
        return _for_half_width(half_width, rate, confidence)
    assert rates is not None  # noqa: S101  (one of the two is given)
    refuse_outside("power", power, 0.0, 1.0)
    a, b = rates
    if not (0 <= a <= 1 and 0 <= b <= 1 and a != b):
        raise ValueError(f"rates={rates}: must be two different numbers between 0 and 1")
    middle = (a + b) / 2
    spread = z * math.sqrt(2 * middle * (1 - middle))
    spread += float(special.ndtri(power)) * math.sqrt(a * (1 - a) + b * (1 - b))
    return max(2, math.ceil((spread / (a - b)) ** 2 - 1e-9))


def _for_half_width(half_width: float, rate: float, confidence: float) -> int:
    def narrow(n: int) -> bool:
        low, high = wilson(rate * n, n, confidence)
        return float(np.subtract(high, low)) / 2 <= half_width + 1e-12

    return first_enough(narrow)
