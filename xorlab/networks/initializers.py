"""Initial weights and biases, drawn from a seed and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from xorlab.config.groups import InitConfig
from xorlab.config.schema import Config
from xorlab.errors import ConfigError
from xorlab.networks.parameters import Wiring, parameter_count

Floats = npt.NDArray[np.float64]


class Layers(NamedTuple):
    """Weights and biases of one network.

    Attributes:
        weights: one (fan_in, fan_out) per layer that has weights.
        biases: one (fan_out,) per such layer.
        skip: (inputs, outputs) weights from the inputs to the outputs; None without them.
    """

    weights: list[Floats]
    biases: list[Floats]
    skip: Floats | None = None


def initial_layers(
    config: Config, sizes: Sequence[int], legacy: np.random.RandomState | None = None
) -> Layers:
    """Weights and biases of one network.

    All weights are drawn layer by layer, then all biases, then the weights from inputs to
    outputs: with them a seed gives the same other weights as without.

    Args:
        config: its `init`, `seed` and wiring decide the draw.
        sizes: units per layer, inputs first, outputs last.
        legacy: a generator to seed afresh and draw from where the initialiser is a legacy one;
            making one takes a hundred times longer than seeding it. None makes one.

    Raises:
        ConfigError: `init.weights` has too few or too many weights for the network.
    """
    init, wiring = config.init, wiring_of(config)
    if init.name == "given":
        return _given(init, sizes, wiring)
    rng: Any
    if init.name == "notebook":
        rng = np.random.RandomState(0) if legacy is None else legacy
        rng.seed(config.seed)
    else:
        rng = np.random.default_rng(config.seed)
    draw = INITIALIZERS[init.name]
    layers = _layers(tuple(sizes), wiring)
    weights = [draw.weights(rng, init, layer) for layer in layers]
    biases = [draw.biases(rng, init, layer) for layer in layers]
    if not wiring.skip:
        return Layers(weights, biases)
    return Layers(weights, biases, draw.weights(rng, init, _Layer(sizes[0], sizes[-1], False)))


def wiring_of(config: Config) -> Wiring:
    """How the network of a configuration is connected."""
    return _wiring(config.network.readout, config.network.skip)


def flat_weights(layers: Layers, wiring: Wiring) -> list[float]:
    """Weights and biases as one list, in the order of `init.weights`: unit by unit."""
    flat: list[float] = []
    summed = wiring.readout == "sum"
    for number, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        last = number == len(layers.weights) - 1
        for unit in range(weight.shape[1]):
            flat += weight[:, unit].tolist()
            if layers.skip is not None and last and not summed:
                flat += layers.skip[:, unit].tolist()
            flat.append(float(bias[unit]))
    return flat + layers.skip.ravel().tolist() if layers.skip is not None and summed else flat


def check_given(config: Config, sizes: Sequence[int]) -> None:
    """Refuse `init.weights` that do not fill the network.

    Raises:
        ConfigError: there are too few or too many.
    """
    wiring = wiring_of(config)
    count = parameter_count(sizes, wiring)
    if config.init.name == "given" and len(config.init.weights) != count:
        layers = "-".join(map(str, sizes))
        raise ConfigError(
            "init.weights",
            config.init.weights,
            f"a list of {count}, the weights of a {layers} network unit by unit (this one has "
            f"{len(config.init.weights)})",
        )


class _Layer(NamedTuple):
    fan_in: int
    fan_out: int
    hidden: bool


# Remembered, as a batch asks for every network.
_wiring = cache(Wiring)


@cache
def _layers(sizes: tuple[int, ...], wiring: Wiring) -> list[_Layer]:
    """The layers to draw, first to last."""
    hidden = len(sizes) - 2
    return [_Layer(*shape, i < hidden) for i, shape in enumerate(wiring.shapes(sizes))]


# From a generator (the legacy one for the notebook alone), the options and the layer.
Draw = Callable[[Any, InitConfig, _Layer], Floats]


@dataclass(frozen=True)
class Initializer:
    """How a layer is drawn: weights (fan_in, fan_out) and biases (fan_out,)."""

    weights: Draw
    biases: Draw


def _zeros(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    return np.zeros(layer.fan_out)


def _notebook_weights(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    """U[0, 1) from the legacy generator."""
    return _floats(rng.rand(layer.fan_in, layer.fan_out))


def _notebook_biases(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    return _floats(rng.rand(1, layer.fan_out)[0])


def _uniform_weights(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    return _between(rng, init.range, (layer.fan_in, layer.fan_out))


def _uniform_biases(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    return _between(rng, init.range, layer.fan_out)


def _normal_weights(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    return _floats(rng.normal(0.0, init.std, (layer.fan_in, layer.fan_out)))


def _normal_biases(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    return _floats(rng.normal(0.0, init.std, layer.fan_out))


def _glorot_weights(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    """Glorot & Bengio (2010), normalised uniform: U(-r, r), r = sqrt(6 / (fan_in + fan_out))."""
    reach = np.sqrt(6.0 / (layer.fan_in + layer.fan_out))
    return _between(rng, reach, (layer.fan_in, layer.fan_out))


def _he_weights(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    """He et al. (2015): N(0, 2 / fan_in), biases zero."""
    std = np.sqrt(2.0 / layer.fan_in)
    return _floats(rng.normal(0.0, std, (layer.fan_in, layer.fan_out)))


def _nguyen_widrow_weights(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    """Nguyen & Widrow (1990): weights into a hidden unit of length 0.7 H^(1/I).

    For H hidden units and I inputs between -1 and 1 the units' linear ranges then overlap a
    little. The direction is that of a draw from U(-1, 1)^I. The paper has one hidden layer;
    here each deeper one is treated alike, the units below it taken as its inputs. Weights into
    outputs, on which the paper's rule says nothing, are U(-0.5, 0.5), as are their biases.
    """
    shape = (layer.fan_in, layer.fan_out)
    if not layer.hidden:
        return _between(rng, 0.5, shape)
    direction = _between(rng, 1.0, shape)
    length = _nguyen_widrow_length(layer)
    return _floats(length * direction / np.sqrt((direction**2).sum(axis=0)))


def _nguyen_widrow_biases(rng: Any, init: InitConfig, layer: _Layer) -> Floats:
    """U(-|w|, |w|): each hidden unit's active region lies somewhere within the inputs' range."""
    reach = _nguyen_widrow_length(layer) if layer.hidden else 0.5
    return _between(rng, reach, layer.fan_out)


def _nguyen_widrow_length(layer: _Layer) -> float:
    return float(0.7 * layer.fan_out ** (1.0 / layer.fan_in))


def _between(rng: Any, reach: float | None, shape: int | tuple[int, int]) -> Floats:
    assert reach is not None  # noqa: S101  (checked with the configuration)
    return _floats(rng.uniform(-reach, reach, shape))


def _floats(values: Any) -> Floats:
    array: Floats = np.asarray(values)
    return array


INITIALIZERS: dict[str, Initializer] = {
    "notebook": Initializer(_notebook_weights, _notebook_biases),
    "uniform": Initializer(_uniform_weights, _uniform_biases),
    "normal": Initializer(_normal_weights, _normal_biases),
    "glorot": Initializer(_glorot_weights, _zeros),
    "he": Initializer(_he_weights, _zeros),
    "nguyen_widrow": Initializer(_nguyen_widrow_weights, _nguyen_widrow_biases),
}


def _given(init: InitConfig, sizes: Sequence[int], wiring: Wiring) -> Layers:
    """Weights as they stand in the configuration, unit by unit."""
    named = {"x": init.x, "y": init.y}
    numbers = iter([float(named.get(weight, weight)) for weight in init.weights])
    weights, biases = [], []
    inputs, outputs = sizes[0], sizes[-1]
    skip = np.empty((inputs, outputs)) if wiring.skip else None
    shapes = wiring.shapes(sizes)
    for number, (fan_in, fan_out) in enumerate(shapes):
        weight, bias = np.empty((fan_in, fan_out)), np.empty(fan_out)
        for unit in range(fan_out):
            weight[:, unit] = [next(numbers) for _ in range(fan_in)]
            if skip is not None and number == len(sizes) - 2:
                skip[:, unit] = [next(numbers) for _ in range(inputs)]
            bias[unit] = next(numbers)
        weights.append(weight)
        biases.append(bias)
    if skip is not None and wiring.readout == "sum":
        skip[:, 0] = [next(numbers) for _ in range(inputs)]
    return Layers(weights, biases, skip)
