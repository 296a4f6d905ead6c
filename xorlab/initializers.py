"""Initial weights and biases, drawn from a seed and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from xorlab.config import Config, InitConfig

Floats = npt.NDArray[np.float64]
Layers = tuple[list[Floats], list[Floats]]


def initial_layers(
    config: Config, sizes: Sequence[int], legacy: np.random.RandomState | None = None
) -> Layers:
    """Weights and biases of one network.

    Args:
        config: its `init` and `seed` decide the draw.
        sizes: units per layer, inputs first, outputs last.
        legacy: a generator to seed afresh and draw from where the initialiser is a legacy one;
            making one takes a hundred times longer than seeding it. None makes one.

    Returns:
        weights, one (fan_in, fan_out) per layer, and biases, one (fan_out,) per layer.
    """
    if config.init.name == "notebook":
        legacy = np.random.RandomState(0) if legacy is None else legacy
        legacy.seed(config.seed)
        return _notebook(legacy, sizes)
    return INITIALIZERS[config.init.name](np.random.default_rng(config.seed), config.init, sizes)


def _shapes(sizes: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise(sizes))


def _notebook(legacy: np.random.RandomState, sizes: Sequence[int]) -> Layers:
    """U[0, 1) from the legacy generator: all weights, layer by layer, then all biases."""
    weights = [legacy.rand(*shape) for shape in _shapes(sizes)]
    return weights, [legacy.rand(1, fan_out)[0] for _, fan_out in _shapes(sizes)]


def _uniform(rng: np.random.Generator, init: InitConfig, sizes: Sequence[int]) -> Layers:
    reach = init.range
    assert reach is not None  # noqa: S101  (checked with the configuration)
    weights = [rng.uniform(-reach, reach, shape) for shape in _shapes(sizes)]
    return weights, [rng.uniform(-reach, reach, fan_out) for _, fan_out in _shapes(sizes)]


def _normal(rng: np.random.Generator, init: InitConfig, sizes: Sequence[int]) -> Layers:
    std = init.std
    assert std is not None  # noqa: S101  (checked with the configuration)
    weights = [rng.normal(0.0, std, shape) for shape in _shapes(sizes)]
    return weights, [rng.normal(0.0, std, fan_out) for _, fan_out in _shapes(sizes)]


def _glorot(rng: np.random.Generator, init: InitConfig, sizes: Sequence[int]) -> Layers:
    """Glorot & Bengio (2010), normalised uniform: U(-r, r), r = sqrt(6 / (fan_in + fan_out))."""
    reaches = [np.sqrt(6.0 / (fan_in + fan_out)) for fan_in, fan_out in _shapes(sizes)]
    weights = [
        rng.uniform(-reach, reach, shape)
        for reach, shape in zip(reaches, _shapes(sizes), strict=True)
    ]
    return weights, [np.zeros(fan_out) for _, fan_out in _shapes(sizes)]


def _he(rng: np.random.Generator, init: InitConfig, sizes: Sequence[int]) -> Layers:
    """He et al. (2015): N(0, 2 / fan_in), biases zero."""
    weights = [rng.normal(0.0, np.sqrt(2.0 / shape[0]), shape) for shape in _shapes(sizes)]
    return weights, [np.zeros(fan_out) for _, fan_out in _shapes(sizes)]


INITIALIZERS: dict[str, Callable[[np.random.Generator, InitConfig, Sequence[int]], Layers]] = {
    "uniform": _uniform,
    "normal": _normal,
    "glorot": _glorot,
    "he": _he,
}
