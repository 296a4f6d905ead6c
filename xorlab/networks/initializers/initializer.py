"""What an initialiser is: its keys, and how it draws weights and biases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from xorlab.config.groups import Choice

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from xorlab.networks.wiring import Wiring

    Floats = npt.NDArray[np.float64]


class Layers(NamedTuple):
    """Weights and biases of one network.

    Attributes:
        weights: one (fan_in, fan_out) per layer that has weights.
        biases: one (fan_out,) per such layer.
        shortcuts: (fan_in, fan_out) by name, as `Wiring.shortcuts` names them.
    """

    weights: list[Floats]
    biases: list[Floats]
    shortcuts: Mapping[str, Floats] = MappingProxyType({})


class Layer(NamedTuple):
    """A layer to draw: units below it, its own units, and whether these are hidden."""

    fan_in: int
    fan_out: int
    hidden: bool


@dataclass
class Initializer(Choice, group="init", package="xorlab.networks.initializers"):
    """How the weights start; chosen with `init=NAME`.

    A choice draws layer by layer from a seeded generator; its fields are its keys.

    Attributes:
        legacy: it draws from NumPy's legacy generator, by ``rand`` alone.
        draws: it draws at all; making a generator takes longer than drawing.
    """

    help: ClassVar[str] = "initial weights; chosen as init=NAME"
    legacy: ClassVar[bool] = False
    draws: ClassVar[bool] = True

    def layers(
        self, rng: Any, sizes: Sequence[int], wiring: Wiring, layers: Sequence[Layer]
    ) -> Layers:
        """Weights and biases of one network.

        All weights are drawn layer by layer, then all biases, then the shortcuts, each as a layer:
        with them a seed gives the same other weights as without.

        Args:
            rng: a seeded generator.
            sizes: units per layer, inputs first, outputs last.
            wiring: how the network is connected.
            layers: what is to be drawn, first to last.
        """
        weights = [self.draw_weights(rng, layer) for layer in layers]
        biases = [self.draw_biases(rng, layer) for layer in layers]
        top = len(sizes) - 1
        shortcuts = {
            name: self.draw_weights(rng, Layer(sizes[source], sizes[target], target < top))
            for name, (source, target) in wiring.shortcuts(sizes).items()
        }
        return Layers(weights, biases, shortcuts)

    def draw_weights(self, rng: Any, layer: Layer) -> Floats:
        """Weights (fan_in, fan_out) of one layer."""
        raise NotImplementedError

    def draw_biases(self, rng: Any, layer: Layer) -> Floats:
        """Biases (fan_out,) of one layer; here they are zero."""
        import numpy as np

        return np.zeros(layer.fan_out)

    def check_count(self, count: int, sizes: Sequence[int]) -> None:
        """Refuse a network that this cannot fill.

        Args:
            count: its weights and biases.
            sizes: units per layer, inputs first, outputs last.

        Raises:
            ConfigError: names the key, the value and what is allowed.
        """


def between(rng: Any, reach: float, shape: int | tuple[int, int]) -> Floats:
    """A draw from U(-reach, reach)."""
    import numpy as np

    return np.asarray(rng.uniform(-reach, reach, shape))
