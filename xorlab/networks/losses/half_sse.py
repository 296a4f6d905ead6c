"""Half the summed squared error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.networks.losses.loss import Loss

if TYPE_CHECKING:
    from xorlab.networks.losses.loss import Floats


class HalfSse(Loss, name="half_sse", order=1):
    """Half the squared error, summed over all patterns (Rumelhart, Hinton & Williams 1986)."""

    @staticmethod
    def value(y: Floats, t: Floats) -> float:
        """E for outputs and targets of shape (P, O)."""
        import numpy as np

        return float(0.5 * np.sum((t - y) ** 2))
