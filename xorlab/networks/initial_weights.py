"""Initial weights and biases of a configuration, from its seed and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.config.values import with_values
from xorlab.networks.config import Config
from xorlab.networks.initializers.given import Given
from xorlab.networks.initializers.initializer import Initializer, Layer, Layers
from xorlab.networks.legacy_draws import legacy_draws
from xorlab.networks.parameters import pack, parameter_count
from xorlab.networks.wiring import Wiring

Floats = npt.NDArray[np.floating]

_MANY = 256  # seeds: for fewer it is faster to draw one after the other


def initial_layers(config: Config, sizes: Sequence[int]) -> Layers:
    """Weights and biases of one network.

    Args:
        config: its `init`, `seed` and wiring decide the draw.
        sizes: units per layer, inputs first, outputs last.

    Raises:
        ConfigError: `init.weights` has too few or too many weights for the network.
    """
    rng: Any = None
    if config.init.legacy:
        rng = np.random.RandomState(config.seed)
    elif config.init.draws:
        rng = np.random.default_rng(config.seed)
    wiring = wiring_of(config)
    return config.init.layers(rng, sizes, wiring, _layers(tuple(sizes), wiring))


def initial_parameters(configs: Sequence[Config], sizes: Sequence[int]) -> Floats:
    """(K, N) weights and biases of many networks; what legacy draws become is asked once."""
    parameters = np.empty((parameter_count(sizes, wiring_of(configs[0])), len(configs)))
    kinds: dict[type[Initializer], list[int]] = {}
    for index, config in enumerate(configs):
        kinds.setdefault(type(config.init), []).append(index)
    for kind, members in kinds.items():
        if not kind.legacy:
            for index in members:
                parameters[:, index] = pack(*initial_layers(configs[index], sizes))
            continue
        first, seeds = configs[members[0]], [configs[index].seed for index in members]
        wiring, order = wiring_of(first), _DrawNumbers()
        drawn = first.init.layers(order, sizes, wiring, _layers(tuple(sizes), wiring))
        drawn_at_once = legacy_draws if len(seeds) >= _MANY else _few_draws
        draws = drawn_at_once(seeds, order.count)
        parameters[:, members] = draws[pack(*drawn)]
    return parameters


def _few_draws(seeds: Sequence[int], count: int) -> Floats:
    """What `legacy_draws` returns; faster for few seeds."""
    generator = np.random.RandomState(0)  # to make another takes longer than to seed this one
    draws = np.empty((count, len(seeds)))
    for column, seed in zip(draws.T, seeds, strict=True):
        generator.seed(seed)
        column[:] = generator.rand(count)
    return draws


class _DrawNumbers:
    """In the place of a legacy generator: its n-th draw is n."""

    def __init__(self) -> None:
        self.count = 0

    def rand(self, *shape: int) -> Any:
        first, self.count = self.count, self.count + int(np.prod(shape))
        return np.arange(first, self.count).reshape(shape)


def plane_parameters(
    base: Config, values: Mapping[str, Floats], count: int, sizes: Sequence[int]
) -> Floats:
    """(K, N) weights and biases of networks with one seed, whose keys of `init` may differ.

    Args:
        base: their common configuration.
        values: by key, (N,) each; those of other sections play no part.
        count: how many there are, N.
        sizes: units per layer, inputs first, outputs last.
    """
    own = {key: column for key, column in values.items() if key.startswith("init.")}
    init = base.init
    if isinstance(init, Given):
        # The weights as numbers of places in their list say where each belongs.
        numbered = with_values(base, {"init.weights": [*range(len(init.weights))]})
        places = pack(*initial_layers(numbered, sizes)).astype(np.int64)
        named = {"x": own.get("init.x", init.x), "y": own.get("init.y", init.y)}
        parameters = np.empty((len(places), count))
        for row, place in enumerate(places):
            weight = init.weights[place]
            parameters[row] = named.get(weight, weight)
        return parameters
    if not own:
        column = initial_parameters([base], sizes)
        return np.repeat(column, count, axis=1)
    rows, of = np.unique(np.stack([*own.values()]), axis=1, return_inverse=True)
    different = [with_values(base, dict(zip(own, row, strict=True))) for row in rows.T.tolist()]
    return initial_parameters(different, sizes)[:, of.reshape(-1)]


def wiring_of(config: Config) -> Wiring:
    """How the network of a configuration is connected."""
    return _wiring(config.network.readout, config.network.skip)


def flat_weights(layers: Layers, sizes: Sequence[int], wiring: Wiring) -> list[float]:
    """Weights and biases as one list, in the order of `init.weights`: unit by unit."""
    flat: list[float] = []
    into: list[list[Any]] = [[] for _ in sizes]
    for name, (_, target) in wiring.shortcuts(sizes).items():
        into[target].append(layers.shortcuts[name])
    for number, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True), 1):
        for unit in range(weight.shape[1]):
            flat += weight[:, unit].tolist()
            for shortcut in into[number]:
                flat += shortcut[:, unit].tolist()
            flat.append(float(bias[unit]))
    for shortcut in into[-1] if wiring.readout == "sum" else []:
        flat += shortcut.ravel().tolist()
    return flat


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
