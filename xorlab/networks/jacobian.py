"""Derivatives of every output of every pattern by every weight, for many networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from xorlab.networks.line import folded
from xorlab.networks.parameters import Parameters
from xorlab.networks.passes import Pass
from xorlab.networks.program import Array, Calls, Program
from xorlab.networks.shape import Shape


class Jacobian:
    """J, (patterns x outputs, K) for each of W networks, and its square.

    A pass of one pattern over P W columns is run back from one output at a time: each pair of a
    network and a pattern is a network of its own, so that its gradient is a row of J.

    Args:
        shape: of the networks.
        inputs: (P, I).
        parameters: (K, W); later changes count.
        lowered: makes calls what is to be run.
    """

    def __init__(
        self,
        shape: Shape,
        inputs: Array,
        parameters: Array,
        lowered: Callable[[Calls], Calls] = list,
    ) -> None:
        self._parameters, self._outputs = parameters, shape.sizes[-1]
        patterns, (weights, width) = len(inputs), parameters.shape
        memory = Program(shape.dtype)
        own = Parameters.empty(memory, shape.sizes, patterns * width, shape.wiring)
        rows = Parameters.empty(memory, shape.sizes, patterns * width, shape.wiring)
        self._own = own.packed.reshape(weights, patterns, width)
        self._rows = rows.packed.reshape(weights, patterns, width)
        self._terms = memory.empty(weights, patterns, width)
        self._squares = memory.empty(weights, weights, width)
        each = np.repeat(inputs.T.astype(shape.dtype), width, axis=1)[None]
        targets = memory.empty(1, self._outputs, patterns * width)
        whole = Pass(replace(shape, loss="half_sse"), each, targets, None, own)
        self._error, self._forward = whole.error, lowered(whole.forward().calls)
        self._backward = lowered(whole.backward(rows, memory.constant(1.0)).calls)

    def rows(self, output: int) -> Array:
        """(K, P, W) derivatives of one output, valid until the next call."""
        for call in self._forward:
            call()
        self._error[:] = 0.0
        self._error[:, output] = 1.0
        for call in self._backward:
            call()
        return self._rows

    def squares(self) -> Array:
        """(K, K, W) the lower triangle of J^T J at the present weights."""
        self._own[:] = self._parameters[:, None]
        self._squares[:] = 0.0
        for output in range(self._outputs):
            rows = self.rows(output).transpose(1, 0, 2)
            terms = self._terms.reshape(rows.shape)
            for k in range(len(self._squares)):
                np.multiply(rows[:, k:], rows[:, k : k + 1], terms[:, k:])
                self._squares[k:, k] += folded(terms[:, k:])
        return self._squares
