"""Weights and biases of many networks in one array, networks on the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from xorlab.program import Array, Program

Floats = npt.NDArray[np.floating]


def parameter_count(sizes: Sequence[int]) -> int:
    """K: how many weights and biases a network with these layer sizes has."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))


class Parameters:
    """Views into one packed array of shape (K, N).

    The layout serves the arithmetic. The first layer is kept as (inputs, units, N), behind its
    bias, so that bias and weights are one block of (1 + inputs, units, N). Later layers are kept
    as (units, inputs, N), so that the weights into one unit are contiguous.

    Attributes:
        packed: (K, N).
        weights: one view per layer.
        biases: one view of (fan_out, N) per layer.
        first: the first layer's bias and weights as one block.
    """

    def __init__(self, packed: Array, sizes: Sequence[int]) -> None:
        self.packed = packed
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        width, start = packed.shape[1], 0
        self.first = packed[: (sizes[0] + 1) * sizes[1]].reshape(sizes[0] + 1, sizes[1], width)
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            middle, stop = start + fan_out, start + fan_out * (fan_in + 1)
            order = (fan_in, fan_out) if layer == 0 else (fan_out, fan_in)
            self.biases.append(packed[start:middle])
            self.weights.append(packed[middle:stop].reshape(*order, width))
            start = stop

    @classmethod
    def empty(cls, program: Program, sizes: Sequence[int], width: int) -> Parameters:
        """Zeros for ``width`` networks."""
        return cls(program.empty(parameter_count(sizes), width), sizes)


def pack(weights: Sequence[Floats], biases: Sequence[Floats]) -> Floats:
    """One network's layers, weights (fan_in, fan_out) and biases (fan_out,), as a (K,) column."""
    pieces: list[Floats] = []
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        pieces += [bias, (weight if layer == 0 else weight.T).ravel()]
    return np.concatenate(pieces)


def unpack(packed: Floats, sizes: Sequence[int]) -> tuple[list[Floats], list[Floats]]:
    """The reverse of `pack` for N networks at once, networks first.

    Returns:
        weights, one (N, fan_in, fan_out) per layer, and biases, one (N, fan_out) per layer.
    """
    views = Parameters(packed, sizes)
    orders = [(2, 0, 1)] + [(2, 1, 0)] * (len(sizes) - 2)
    weights = [w.transpose(order) for w, order in zip(views.weights, orders, strict=True)]
    return [np.ascontiguousarray(w) for w in weights], [
        np.ascontiguousarray(b.T) for b in views.biases
    ]
