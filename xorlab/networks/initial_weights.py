"""Initial weights and biases of a configuration, from its seed and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from xorlab.networks.config import Config
from xorlab.networks.initializers.initializer import Layer, Layers
from xorlab.networks.parameters import Wiring, parameter_count


def initial_layers(
    config: Config, sizes: Sequence[int], legacy: np.random.RandomState | None = None
) -> Layers:
    """Weights and biases of one network.

    Args:
        config: its `init`, `seed` and wiring decide the draw.
        sizes: units per layer, inputs first, outputs last.
        legacy: a generator to seed afresh and draw from where the initialiser is a legacy one;
            making one takes a hundred times longer than seeding it. None makes one.

    Raises:
        ConfigError: `init.weights` has too few or too many weights for the network.
    """
    rng: Any = None
    if config.init.legacy:
        rng = np.random.RandomState(0) if legacy is None else legacy
        rng.seed(config.seed)
    elif config.init.draws:
        rng = np.random.default_rng(config.seed)
    wiring = wiring_of(config)
    return config.init.layers(rng, sizes, wiring, _layers(tuple(sizes), wiring))


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
    """Refuse an initialiser that cannot fill the network.

    Raises:
        ConfigError: there are too few or too many weights in `init.weights`.
    """
    config.init.check_count(parameter_count(sizes, wiring_of(config)), sizes)


# Remembered, as a batch asks for every network.
_wiring = cache(Wiring)


@cache
def _layers(sizes: tuple[int, ...], wiring: Wiring) -> list[Layer]:
    """The layers to draw, first to last."""
    hidden = len(sizes) - 2
    return [Layer(*shape, i < hidden) for i, shape in enumerate(wiring.shapes(sizes))]
