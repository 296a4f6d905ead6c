"""Half the mean squared error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.networks.losses.loss import Loss

if TYPE_CHECKING:
    from xorlab.networks.losses.loss import Floats


class HalfMse(Loss, name="half_mse", order=2):
    """Half the squared error, averaged over patterns and outputs."""

    @staticmethod
    def value(y: Floats, t: Floats) -> float:
        """E for outputs and targets of shape (P, O)."""
        import numpy as np

        return float(0.5 * np.mean((t - y) ** 2))

    @staticmethod
    def scale(patterns: int, outputs: int) -> float:
        """A sum becomes a mean."""
        return 1.0 / (patterns * outputs)
