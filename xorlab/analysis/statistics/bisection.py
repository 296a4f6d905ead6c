"""Bisection: the first integer that is enough, and the edges of an interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from xorlab.analysis.statistics.intervals import Floats

_HALVINGS = 60  # an interval between 0 and 1 is then shorter than the spacing of floats near 1


def first_enough(enough: Callable[[int], bool]) -> int:
    """The smallest positive integer for which a condition holds.

    Args:
        enough: the condition; where it holds for a number it must hold for all larger ones.
    """
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2  # not enough, or 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def narrowed(
    inside: Floats, outside: Floats, holds: Callable[[Floats], npt.NDArray[np.bool_]]
) -> tuple[Floats, Floats]:
    """Where a condition stops to hold, between points inside and points outside, elementwise.

    Args:
        inside: points at which the condition holds, any shape.
        outside: points at which it does not, of the same shape, on either side.
        holds: the condition, for an array of that shape.

    Returns:
        the last point found inside and the last one outside. Where the condition holds at every
        point that was tried, the second is as it was given.
    """
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        within = holds(middle)
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    return inside, outside
