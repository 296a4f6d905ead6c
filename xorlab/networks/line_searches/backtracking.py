"""Backtracking: ever shorter steps until one lowers the loss enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.networks.line_searches.line_search import DECREASE, MOST, LineSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xorlab.networks.line import Line
    from xorlab.networks.program import Array


class Backtracking(LineSearch, name="backtracking", order=1):
    """Armijo's (1966) rule, with the parabola of Dennis & Schnabel (1983, section 6.3.2).

    A length a is taken where E(a) <= E(0) + 1e-4 a E'(0). Else the next is the minimum of the
    parabola through E(0), E'(0) and E(a), but at least a tenth and at most half of a. It asks for
    no gradient.
    """

    @staticmethod
    def search(line: Line, first: Array, values: Mapping[str, Array]) -> Array:
        """The lengths that are found."""
        import numpy as np

        searching = line.open.copy()
        length = np.where(searching, first, 0)
        for _ in range(MOST):
            loss = line.value(length, searching)
            promised = length * line.slope
            searching &= ~(loss <= line.loss + DECREASE * promised)
            if not searching.any():
                break
            share = promised / (2 * (promised - (loss - line.loss)))
            share = np.where(np.isfinite(loss), share, 0.1).clip(0.1, 0.5)
            length = np.where(searching, share * length, length)
        return np.where(searching, 0, length)
