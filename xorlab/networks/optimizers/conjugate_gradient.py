"""Conjugate gradients: directions that keep what the last ones gained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xorlab.networks.optimizers.optimizer import State
from xorlab.networks.optimizers.searching import Descending

if TYPE_CHECKING:
    from xorlab.networks.line import Line
    from xorlab.networks.program import Array


@dataclass
class ConjugateGradient(Descending, name="conjugate_gradient", order=9):
    """Conjugate gradients of Polak and Ribiere with a line search."""

    def states(self) -> list[State]:
        """Besides the last loss the last direction and gradient."""
        return [*super().states(), State(), State()]

    @staticmethod
    def direct(line: Line, states: list[Array], fresh: Array) -> Array:
        """Polak & Ribiere 1969, with the restart of Powell (1984).

        With g(t) the gradient::

            beta = max(0, g(t) . (g(t) - g(t-1)) / g(t-1) . g(t-1))
            d(t) = -g(t) + beta d(t-1)

        Beta is 0 at first, where the last direction did not lead to a lower loss, and where this
        one would not lead down.
        """
        import numpy as np

        direction, before = states
        step = line.step
        square = line.dot(before, before)
        beta = (line.dot(step, step) - line.dot(step, before)) / square
        beta = np.where(~fresh & (beta > 0) & np.isfinite(beta), beta, 0).astype(square.dtype)
        direction *= beta
        direction += step
        np.copyto(direction, step, where=~(line.dot(direction, step) > 0))
        before[:] = step
        line.direction[:] = direction
        return np.zeros_like(fresh)
