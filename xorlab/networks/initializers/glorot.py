"""Glorot & Bengio (2010)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.networks.initializers.initializer import Initializer, between

if TYPE_CHECKING:
    from xorlab.networks.initializers.initializer import Floats, Layer


@dataclass
class Glorot(Initializer, name="glorot", order=4):
    """Glorot & Bengio (2010), uniform; biases zero."""

    def draw_weights(self, rng: Any, layer: Layer) -> Floats:
        """U(-r, r) with r = sqrt(6 / (fan_in + fan_out)), their normalised initialisation."""
        import numpy as np

        reach = np.sqrt(6.0 / (layer.fan_in + layer.fan_out))
        return between(rng, reach, (layer.fan_in, layer.fan_out))
