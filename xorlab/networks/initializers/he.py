"""He et al. (2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.networks.initializers.initializer import Initializer

if TYPE_CHECKING:
    from xorlab.networks.initializers.initializer import Floats, Layer


@dataclass
class He(Initializer, name="he", order=5):
    """He et al. (2015), normal; biases zero."""

    def draw_weights(self, rng: Any, layer: Layer) -> Floats:
        """N(0, 2 / fan_in)."""
        import numpy as np

        std = np.sqrt(2.0 / layer.fan_in)
        return np.asarray(rng.normal(0.0, std, (layer.fan_in, layer.fan_out)))
