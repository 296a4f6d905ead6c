"""A normal distribution around zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.config.fields import is_positive, key
from xorlab.networks.initializers.initializer import Initializer

if TYPE_CHECKING:
    from xorlab.networks.initializers.initializer import Floats, Layer


@dataclass
class Normal(Initializer, name="normal", order=3):
    """N(0, std^2) for weights and biases."""

    std: float = key(
        1.0,
        "normal: standard deviation of weights and biases",
        "a number > 0",
        "init=normal init.std=0.3",
        is_positive,
    )

    def draw_weights(self, rng: Any, layer: Layer) -> Floats:
        """N(0, std^2)."""
        import numpy as np

        return np.asarray(rng.normal(0.0, self.std, (layer.fan_in, layer.fan_out)))

    def draw_biases(self, rng: Any, layer: Layer) -> Floats:
        """N(0, std^2)."""
        import numpy as np

        return np.asarray(rng.normal(0.0, self.std, layer.fan_out))
