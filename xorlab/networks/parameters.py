"""Weights and biases of many networks in one array, networks on the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from xorlab.networks.program import Array, Program

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Wiring:
    """How layers are connected, besides each one to the next.

    Attributes:
        readout: ``dense``, or ``sum``: the output is the plain sum of the last hidden units, and
            the last layer has neither weights nor biases.
        skip: whether every input is also connected directly to every output.
    """

    readout: str = "dense"
    skip: bool = False

    def shapes(self, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """(fan_in, fan_out) of every layer with weights and biases, first to last."""
        layers = list(pairwise(sizes))
        return layers[:-1] if self.readout == "sum" else layers


DENSE = Wiring()


def parameter_count(sizes: Sequence[int], wiring: Wiring = DENSE) -> int:
    """K, the number of weights and biases of a network with these layer sizes."""
    layers = sum((fan_in + 1) * fan_out for fan_in, fan_out in wiring.shapes(sizes))
    return layers + (sizes[0] * sizes[-1] if wiring.skip else 0)


class Parameters:
    """Views into one packed array of shape (K, N).

    The layout is chosen for speed. The first layer is stored as (inputs, units, N) after its
    biases, so that biases and weights are one block of (1 + inputs, units, N). Later layers are
    stored as (units, inputs, N), so that the weights into one unit are contiguous. Weights from
    inputs to outputs come last, as (inputs, outputs, N).

    Attributes:
        packed: (K, N).
        weights: one view per layer that has weights.
        biases: one view of (fan_out, N) per such layer.
        first: the first layer's biases and weights as one block.
        skip: (inputs, outputs, N), or None without such weights.
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
        self.skip: Array | None = None
        if wiring.skip:
            self.skip = packed[start:].reshape(sizes[0], sizes[-1], width)

    @classmethod
    def empty(
        cls, program: Program, sizes: Sequence[int], width: int, wiring: Wiring = DENSE
    ) -> Parameters:
        """Parameters of ``width`` networks, all zero."""
        return cls(program.empty(parameter_count(sizes, wiring), width), sizes, wiring)


def pack(weights: Sequence[Floats], biases: Sequence[Floats], skip: Floats | None = None) -> Floats:
    """Pack the weights and biases of one network into a (K,) column.

    Args:
        weights: (fan_in, fan_out) per layer.
        biases: (fan_out,) per layer.
        skip: (inputs, outputs), or None without such weights.
    """
    pieces: list[Floats] = []
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        pieces += [bias, (weight if layer == 0 else weight.T).ravel()]
    return np.concatenate(pieces if skip is None else [*pieces, skip.ravel()])


def unpack(
    packed: Floats, sizes: Sequence[int], wiring: Wiring = DENSE
) -> tuple[list[Floats], list[Floats]]:
    """The reverse of `pack` for N networks at once, except for skip weights: see `unpack_skip`.

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


def unpack_skip(packed: Floats, sizes: Sequence[int], wiring: Wiring) -> Floats | None:
    """The weights from inputs to outputs, (N, inputs, outputs); None without such weights."""
    skip = Parameters(packed, sizes, wiring).skip
    return None if skip is None else np.ascontiguousarray(skip.transpose(2, 0, 1))


def named_layers(packed: Floats, sizes: Sequence[int], wiring: Wiring) -> dict[str, Floats]:
    """The arrays of N networks by name, networks first.

    Returns:
        ``weights_1`` (N, fan_in, fan_out), ``biases_1`` (N, fan_out), and so on for each layer;
        ``skip`` (N, inputs, outputs) where there are such weights.
    """
    arrays: dict[str, Floats] = {}
    for number, (weights, biases) in enumerate(zip(*unpack(packed, sizes, wiring), strict=True), 1):
        arrays |= {f"weights_{number}": weights, f"biases_{number}": biases}
    skip = unpack_skip(packed, sizes, wiring)
    return arrays if skip is None else arrays | {"skip": skip}
