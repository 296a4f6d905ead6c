"""A search for the minimum along the line, from losses alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.networks.line_searches.line_search import MOST, LineSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xorlab.networks.line import Line
    from xorlab.networks.program import Array

_GOLDEN = 0.3819660112501051  # (3 - sqrt 5) / 2
_NEAR = 1e-3  # of a length: what is not looked into any more


class Parabolic(LineSearch, name="parabolic", order=3):
    """Three points around a minimum, narrowed by parabolas and golden sections (Brent 1973).

    Lengths grow by 1.618 times their last growth, or shrink to 0.382, until the middle one of
    three has the least loss. Then the minimum of the parabola through them is tried, and every
    third time the golden section of their longer part. It ends within a thousandth of the length,
    or where its trials run out, and asks for no gradient.
    """

    @staticmethod
    def search(line: Line, first: Array, values: Mapping[str, Array]) -> Array:
        """The lengths that are found."""
        import numpy as np

        searching = line.open.copy()
        length = np.where(searching, first, 0)
        low, low_loss = np.zeros_like(length), line.loss.copy()
        # The middle is 0 until a lower loss is found; the upper is infinite until a higher one is.
        middle, middle_loss = np.zeros_like(length), line.loss.copy()
        high, high_loss = np.full_like(length, np.inf), np.full_like(length, np.inf)
        for trial in range(MOST):
            loss = line.value(length, searching)
            lower = loss < middle_loss
            # Of the two outer points, the one beyond the worse of middle and trial goes.
            beyond = length > middle
            raises_low, lowers_high = searching & (lower == beyond), searching & (lower != beyond)
            outer = np.where(lower, middle, length)
            outer_loss = np.where(lower, middle_loss, loss)
            low = np.where(raises_low, outer, low)
            low_loss = np.where(raises_low, outer_loss, low_loss)
            high = np.where(lowers_high, outer, high)
            high_loss = np.where(lowers_high, outer_loss, high_loss)
            middle = np.where(searching & lower, length, middle)
            middle_loss = np.where(searching & lower, loss, middle_loss)
            longer, shorter = high - middle, middle - low
            golden = middle + _GOLDEN * np.where(longer > shorter, longer, -shorter)
            # A parabola: the minimum is at this distance from the middle.
            right = (middle_loss - high_loss) * shorter
            left = (middle_loss - low_loss) * longer
            away = (left * longer - right * shorter) / (2 * (left + right))
            vertex = middle + away
            inside = (low < vertex) & (vertex < high) & (middle > 0) & (trial % 3 != 2)
            near = np.abs(away) < _NEAR * middle
            done = (middle > 0) & ((high - low <= 2 * _NEAR * middle) | (inside & near))
            searching &= ~done
            if not searching.any():
                break
            closer = np.where(inside, vertex, golden)
            growing = middle + np.where(middle > low, (middle - low) / (1 - _GOLDEN), middle)
            length = np.where(searching, np.where(np.isinf(high), growing, closer), length)
        return middle
