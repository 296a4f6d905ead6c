"""Nguyen & Widrow (1990)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.networks.initializers.initializer import Initializer, between

if TYPE_CHECKING:
    from xorlab.networks.initializers.initializer import Floats, Layer


@dataclass
class NguyenWidrow(Initializer, name="nguyen_widrow", order=6):
    """Nguyen & Widrow (1990): hidden units spread over inputs from -1 to 1 (task.low=-1)."""

    def draw_weights(self, rng: Any, layer: Layer) -> Floats:
        """Weights into a hidden unit of length 0.7 H^(1/I), in a random direction.

        For H hidden units and I inputs between -1 and 1 the units' linear ranges then overlap a
        little. The direction is that of a draw from U(-1, 1)^I. The paper has one hidden layer;
        here each deeper one is treated alike, the units below it taken as its inputs. Weights into
        outputs, on which the paper's rule says nothing, are U(-0.5, 0.5), as are their biases.
        """
        import numpy as np

        shape = (layer.fan_in, layer.fan_out)
        if not layer.hidden:
            return between(rng, 0.5, shape)
        direction = between(rng, 1.0, shape)
        return np.asarray(_length(layer) * direction / np.sqrt((direction**2).sum(axis=0)))

    def draw_biases(self, rng: Any, layer: Layer) -> Floats:
        """U(-|w|, |w|): a hidden unit's active region lies somewhere within the inputs' range."""
        return between(rng, _length(layer) if layer.hidden else 0.5, layer.fan_out)


def _length(layer: Layer) -> float:
    return float(0.7 * layer.fan_out ** (1.0 / layer.fan_in))
