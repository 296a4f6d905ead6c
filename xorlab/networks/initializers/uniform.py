"""A uniform distribution around zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.config.fields import is_positive, key
from xorlab.networks.initializers.initializer import Initializer, between

if TYPE_CHECKING:
    from xorlab.networks.initializers.initializer import Floats, Layer


@dataclass
class Uniform(Initializer, name="uniform", order=2):
    """U(-range, range) for weights and biases."""

    range: float = key(
        1.0,
        "uniform: weights and biases from U(-range, range)",
        "a number > 0",
        "init=uniform init.range=0.5",
        is_positive,
    )

    def draw_weights(self, rng: Any, layer: Layer) -> Floats:
        """U(-range, range)."""
        return between(rng, self.range, (layer.fan_in, layer.fan_out))

    def draw_biases(self, rng: Any, layer: Layer) -> Floats:
        """U(-range, range)."""
        return between(rng, self.range, layer.fan_out)
