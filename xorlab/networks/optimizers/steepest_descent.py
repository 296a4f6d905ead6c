"""Steepest descent: a line search against the gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xorlab.networks.optimizers.searching import Descending

if TYPE_CHECKING:
    from xorlab.networks.line import Line
    from xorlab.networks.program import Array


@dataclass
class SteepestDescent(Descending, name="steepest_descent", order=8):
    """Down the gradient, as far as a line search says (Cauchy 1847)."""

    @staticmethod
    def direct(line: Line, states: list[Array], fresh: Array) -> Array:
        """D = -g."""
        import numpy as np

        line.direction[:] = line.step
        return np.zeros_like(fresh)
