"""Initial weights and biases, drawn from a seed and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from xorlab.config import Config, InitConfig

Floats = npt.NDArray[np.float64]
Layers = tuple[list[Floats], list[Floats]]


def initial_layers(config: Config, sizes: Sequence[int]) -> Layers:
    """Weights and biases of one network.

    Args:
        config: its `init` and `seed` decide the draw.
        sizes: units per layer, inputs first, outputs last.

    Returns:
        weights, one (fan_in, fan_out) per layer, and biases, one (fan_out,) per layer.
    """
    return INITIALIZERS[config.init.name](config.seed, config.init, sizes)


def _shapes(sizes: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(sizes[:-1], sizes[1:], strict=True))


def _notebook(seed: int, init: InitConfig, sizes: Sequence[int]) -> Layers:
    """U[0, 1) from the legacy generator: all weights, layer by layer, then all biases."""
    draw = np.random.RandomState(seed).rand
    weights = [draw(*shape) for shape in _shapes(sizes)]
    return weights, [draw(1, fan_out)[0] for _, fan_out in _shapes(sizes)]


def _uniform(seed: int, init: InitConfig, sizes: Sequence[int]) -> Layers:
    rng, reach = np.random.default_rng(seed), init.range
    assert reach is not None  # noqa: S101  (checked with the configuration)
    weights = [rng.uniform(-reach, reach, shape) for shape in _shapes(sizes)]
    return weights, [rng.uniform(-reach, reach, fan_out) for _, fan_out in _shapes(sizes)]


def _normal(seed: int, init: InitConfig, sizes: Sequence[int]) -> Layers:
    rng, std = np.random.default_rng(seed), init.std
    assert std is not None  # noqa: S101  (checked with the configuration)
    weights = [rng.normal(0.0, std, shape) for shape in _shapes(sizes)]
    return weights, [rng.normal(0.0, std, fan_out) for _, fan_out in _shapes(sizes)]


def _glorot(seed: int, init: InitConfig, sizes: Sequence[int]) -> Layers:
    """Glorot & Bengio (2010), normalised uniform: U(-r, r), r = sqrt(6 / (fan_in + fan_out))."""
    rng = np.random.default_rng(seed)
    reaches = [np.sqrt(6.0 / (fan_in + fan_out)) for fan_in, fan_out in _shapes(sizes)]
    weights = [
        rng.uniform(-reach, reach, shape)
        for reach, shape in zip(reaches, _shapes(sizes), strict=True)
    ]
    return weights, [np.zeros(fan_out) for _, fan_out in _shapes(sizes)]


def _he(seed: int, init: InitConfig, sizes: Sequence[int]) -> Layers:
    """He et al. (2015): N(0, 2 / fan_in), biases zero."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0.0, np.sqrt(2.0 / shape[0]), shape) for shape in _shapes(sizes)]
    return weights, [np.zeros(fan_out) for _, fan_out in _shapes(sizes)]


INITIALIZERS: dict[str, Callable[[int, InitConfig, Sequence[int]], Layers]] = {
    "notebook": _notebook,
    "uniform": _uniform,
    "normal": _normal,
    "glorot": _glorot,
    "he": _he,
}
