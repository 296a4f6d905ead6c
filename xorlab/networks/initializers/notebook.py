"""The notebook's initial weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from xorlab.networks.initializers.initializer import Initializer

if TYPE_CHECKING:
    from xorlab.networks.initializers.initializer import Floats, Layer


@dataclass
class Notebook(Initializer, name="notebook", order=1):
    """U[0, 1) from NumPy's legacy generator."""

    legacy: ClassVar[bool] = True

    def draw_weights(self, rng: Any, layer: Layer) -> Floats:
        """U[0, 1)."""
        import numpy as np

        return np.asarray(rng.rand(layer.fan_in, layer.fan_out))

    def draw_biases(self, rng: Any, layer: Layer) -> Floats:
        """U[0, 1)."""
        import numpy as np

        return np.asarray(rng.rand(1, layer.fan_out)[0])
