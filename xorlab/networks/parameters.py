"""Weights and biases of many networks in one array, networks on the last axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from xorlab.networks.program import Array, Program
from xorlab.networks.wiring import DENSE, Wiring

Floats = npt.NDArray[np.floating]

_NONE: Mapping[str, Floats] = MappingProxyType({})


def parameter_count(sizes: Sequence[int], wiring: Wiring = DENSE) -> int:
    """K, the number of weights and biases of a network with these layer sizes."""
    layers = sum((fan_in + 1) * fan_out for fan_in, fan_out in wiring.shapes(sizes))
    links = wiring.shortcuts(sizes).values()
    return layers + sum(sizes[source] * sizes[target] for source, target in links)


class Parameters:
    """Views into one packed array of shape (K, N).

    The layout is chosen for speed. The first layer is stored as (inputs, units, N) after its
    biases, so that biases and weights are one block of (1 + inputs, units, N). Later layers are
    stored as (units, inputs, N), so that the weights into one unit are contiguous. Shortcuts come
    last, those from the inputs as (inputs, units, N), others as (units, units below, N).

    Attributes:
        packed: (K, N).
        weights: one view per layer that has weights.
        biases: one view of (fan_out, N) per such layer.
        first: the first layer's biases and weights as one block.
        shortcuts: by their source and target, in the order of `Wiring.shortcuts`.
    """

    def __init__(self, packed: Array, sizes: Sequence[int], wiring: Wiring = DENSE) -> None:
        self.packed = packed
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        width, start = packed.shape[1], 0
        self.first = packed[: (sizes[0] + 1) * sizes[1]].reshape(sizes[0] + 1, sizes[1], width)
        for layer, (fan_in, fan_out) in enumerate(wiring.shapes(sizes)):
            middle, stop = start + fan_out, start + fan_out * (fan_in + 1)
            order = (fan_in, fan_out) if layer == 0 else (fan_out, fan_in)
            self.biases.append(packed[start:middle])
            self.weights.append(packed[middle:stop].reshape(*order, width))
            start = stop
        self.shortcuts: dict[tuple[int, int], Array] = {}
        for source, target in wiring.shortcuts(sizes).values():
            fan_in, fan_out = sizes[source], sizes[target]
            order = (fan_out, fan_in) if source else (fan_in, fan_out)
            block = packed[start : start + fan_in * fan_out]
            self.shortcuts[source, target] = block.reshape(*order, width)
            start += fan_in * fan_out

    @classmethod
    def empty(
        cls, program: Program, sizes: Sequence[int], width: int, wiring: Wiring = DENSE
    ) -> Parameters:
        """Parameters of ``width`` networks, all zero."""
        return cls(program.empty(parameter_count(sizes, wiring), width), sizes, wiring)


def pack(
    weights: Sequence[Floats], biases: Sequence[Floats], shortcuts: Mapping[str, Floats] = _NONE
) -> Floats:
    """Pack the weights and biases of one network into a (K,) column.

    Args:
        weights: (fan_in, fan_out) per layer.
        biases: (fan_out,) per layer.
        shortcuts: (fan_in, fan_out) by name, in the order of `Wiring.shortcuts`.
    """
    pieces: list[Floats] = []
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        pieces += [bias, (weight if layer == 0 else weight.T).ravel()]
    for name, weight in shortcuts.items():
        from_inputs = name == "skip" or name.startswith("skip_0_")
        pieces.append((weight if from_inputs else weight.T).ravel())
    return np.concatenate(pieces)


def unpack(
    packed: Floats, sizes: Sequence[int], wiring: Wiring = DENSE
) -> tuple[list[Floats], list[Floats]]:
    """The reverse of `pack` for N networks at once, except for shortcuts: see `unpack_shortcuts`.

    Args:
        packed: (K, N).
        sizes: units per layer, inputs first, outputs last.
        wiring: how layers are connected.

    Returns:
        weights, one (N, fan_in, fan_out) per layer, and biases, one (N, fan_out) per layer.
    """
    views = Parameters(packed, sizes, wiring)
    orders = [(2, 0, 1)] + [(2, 1, 0)] * (len(views.weights) - 1)
    weights = [w.transpose(order) for w, order in zip(views.weights, orders, strict=True)]
    return [np.ascontiguousarray(w) for w in weights], [
        np.ascontiguousarray(b.T) for b in views.biases
    ]


def unpack_shortcuts(packed: Floats, sizes: Sequence[int], wiring: Wiring) -> dict[str, Floats]:
    """The shortcuts of N networks by name, (N, fan_in, fan_out) each."""
    views = Parameters(packed, sizes, wiring).shortcuts
    return {
        name: np.ascontiguousarray(views[link].transpose((2, 1, 0) if link[0] else (2, 0, 1)))
        for name, link in wiring.shortcuts(sizes).items()
    }


def named_layers(packed: Floats, sizes: Sequence[int], wiring: Wiring) -> dict[str, Floats]:
    """The arrays of N networks by name, networks first.

    Returns:
        ``weights_1`` (N, fan_in, fan_out), ``biases_1`` (N, fan_out), and so on for each layer;
        then the shortcuts, as `unpack_shortcuts` names them.
    """
    arrays: dict[str, Floats] = {}
    for number, (weights, biases) in enumerate(zip(*unpack(packed, sizes, wiring), strict=True), 1):
        arrays |= {f"weights_{number}": weights, f"biases_{number}": biases}
    return arrays | unpack_shortcuts(packed, sizes, wiring)
