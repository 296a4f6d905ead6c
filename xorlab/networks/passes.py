"""Forward and backward passes of many networks of one shape, as programs of NumPy calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from xorlab.networks.cube import emit_cube_steps, emit_cube_sums
from xorlab.networks.layer_calls import emit_back, emit_steps, emit_sums
from xorlab.networks.losses.loss import Loss
from xorlab.networks.parameters import Parameters
from xorlab.networks.program import Array, Program
from xorlab.networks.shape import Shape


class _Column(NamedTuple):
    """One input of all patterns: (P, 1, 1), or (P, 1, N), and its value if that is 0 or 1 alone."""

    values: Array
    constant: int | None = None


def constants_of(inputs: Array) -> tuple[int | None, ...]:
    """Of each input, the value that all patterns (P, I) have: 0, 1, or None for any other."""
    return tuple(1 if (column == 1).all() else None if column.any() else 0 for column in inputs.T)


class Pass:
    """Propagates P patterns through N networks, and the error back.

    This is back-propagation (Rumelhart, Hinton & Williams 1986). Every sum runs over axes before
    the last, in an order that depends only on the shape of the networks and on the patterns. So the
    bits of a network do not depend on the networks beside it.

    Args:
        shape: what the networks share.
        inputs: (P, I); or (P, I, N), each network its own, to be filled before each pass.
        targets: (P, O); or (P, O, N) likewise.
        codes: the two values of the inputs, low and high, if the patterns are all 2^I combinations
            in binary order; else None.
        parameters: of the N networks; later changes of its arrays count.
        constants: see `constants_of`; given where inputs are to be filled.

    Attributes:
        outputs: (P, O, N), valid after `forward`; the backward program overwrites it.
        error: target minus output, (P, O, N), valid likewise.
    """

    def __init__(
        self,
        shape: Shape,
        inputs: Array,
        targets: Array,
        codes: tuple[float, float] | None,
        parameters: Parameters,
        constants: Sequence[int | None] | None = None,
    ) -> None:
        self._shape = shape
        if inputs.ndim == 2:
            constants, inputs = constants_of(inputs), inputs[:, :, None].astype(shape.dtype)
        self._inputs = [
            _Column(inputs[:, one : one + 1], None if constants is None else constants[one])
            for one in range(inputs.shape[1])
        ]
        self._codes = codes
        self._parameters = parameters
        self._activations = shape.activations()
        self._memory = Program(shape.dtype)
        self._patterns, self._width = len(inputs), parameters.packed.shape[1]
        self._targets = targets if targets.ndim == 3 else targets[:, :, None].astype(shape.dtype)
        self._units = [
            self._memory.empty(self._patterns, units, self._width) for units in shape.sizes[1:]
        ]
        self._kept = [
            self._memory.empty(*units.shape) if activation.keeps else np.empty(0)
            for units, activation in zip(self._units, self._activations, strict=True)
        ]
        self._scratches: dict[tuple[int, int], Array] = {}
        self.outputs = self._units[-1]
        self.error = self._memory.empty(*self.outputs.shape)

    def _scratch(self, units: int, number: int = 0) -> Array:
        """A (P, units, N) array for values that are needed only for the next few calls."""
        if (units, number) not in self._scratches:
            block = self._memory.empty(self._patterns, units, self._width)
            self._scratches[units, number] = block
        return self._scratches[units, number]

    def _is_sum(self, layer: int) -> bool:
        """Whether the layer is the plain sum of the one below, without weights."""
        return self._shape.wiring.readout == "sum" and layer == len(self._units) - 1

    # Forward

    def forward(self) -> Program:
        """Calls that compute `outputs` and `error`."""
        program = Program(self._shape.dtype)
        if self._codes is not None:
            first, negated = self._parameters, self._activations[0].negated
            emit_cube_sums(program, self._units[0], first, negated, *self._codes)
        else:
            self._dense_sums(program)
        self._apply(program, 0)
        for layer in range(1, len(self._units)):
            self._layer_sums(program, layer)
            self._apply(program, layer)
        program.emit(np.subtract, self._targets, self.outputs, self.error)
        return program

    def _apply(self, program: Program, layer: int) -> None:
        apply, kept = self._activations[layer].apply, self._kept[layer]
        apply(program, self._units[layer], self._shape.slope, kept)

    def _dense_sums(self, program: Program) -> None:
        """Sums of the first layer over any patterns, input by input."""
        sign = np.negative if self._activations[0].negated else np.positive
        program.emit(sign, self._parameters.biases[0], self._units[0])
        self._add_inputs(program, 0, self._parameters.weights[0])

    def _add_inputs(self, program: Program, layer: int, weights: Array) -> None:
        """Add the inputs, times ``weights`` (I, units, N), to a layer's sums."""
        z, negated = self._units[layer], self._activations[layer].negated
        combine = np.subtract if negated else np.add
        scratch = self._scratch(z.shape[1])
        for column, weight in zip(self._inputs, weights, strict=True):
            if column.constant == 0:
                continue
            if column.constant == 1:
                program.emit(combine, z, weight, z)
            else:
                program.emit(np.multiply, weight, column.values, scratch)
                program.emit(combine, z, scratch, z)

    def _layer_sums(self, program: Program, layer: int) -> None:
        below, z = self._units[layer - 1], self._units[layer]
        scratch = self._scratch(below.shape[1])
        if self._is_sum(layer):
            program.emit(np.positive, below, scratch)
            program.fold(scratch, 1, z[:, 0])
        else:
            for unit, weights in enumerate(self._parameters.weights[layer]):
                program.emit(np.multiply, below, weights, scratch)
                program.fold(scratch, 1, z[:, unit])
            self._add_bias(program, layer)
        for (source, target), weights in self._parameters.shortcuts.items():
            if target == layer + 1 and source:
                units, negated = self._units[source - 1], self._activations[layer].negated
                memory = [self._scratch(units.shape[1]), self._scratch(1, number=2)[:, 0]]
                emit_sums(program, units, weights, z, negated, memory)
            elif target == layer + 1:
                self._add_inputs(program, layer, weights)

    def _add_bias(self, program: Program, layer: int) -> None:
        bias, z = self._parameters.biases[layer], self._units[layer]
        if self._activations[layer].negated:
            negated = self._memory.empty(*bias.shape)
            program.emit(np.negative, bias, negated)
            program.emit(np.subtract, negated, z, z)
        else:
            program.emit(np.add, z, bias, z)

    # Backward

    def backward(self, step: Parameters, rate: Array) -> Program:
        """Calls that compute ``step`` from `error`: minus the gradient, times ``rate``.

        The gradient is that of the loss summed over patterns and outputs. ``rate``, of shape () or
        (N,), is the learning rate times the scale of the loss; it is applied to the output's
        deltas, the smallest array.
        """
        program = Program(self._shape.dtype)
        top = len(self._units) - 1
        self._output_delta(program, rate)
        reached: dict[int, Array] = {}
        for layer in range(top, 0, -1):
            self._shortcut_steps(program, layer, step, reached)
            self._layer_step(program, layer, step, reached.get(layer))
        if self._codes is not None:
            emit_cube_steps(program, self._units[0], step, *self._codes)
        else:
            self._input_step(program, 0, step.weights[0])
            program.fold(self._units[0], 0, step.biases[0])
        if self._deferred(1):
            program.emit(np.multiply, step.first, self._parameters.weights[1][0], step.first)
        return program

    def _output_delta(self, program: Program, rate: Array) -> None:
        if Loss.choices()[self._shape.loss].canonical:
            program.emit(np.multiply, self.error, rate, self.outputs)
            return
        keeps_error = self._activations[-1].uses_delta
        product = self._scratch(self.outputs.shape[1]) if keeps_error else self.error
        program.emit(np.multiply, self.outputs, self.error, product)
        self._apply_derivative(program, len(self._units) - 1, self.error, product)
        program.emit(np.multiply, self.outputs, rate, self.outputs)

    def _apply_derivative(self, program: Program, layer: int, delta: Array, product: Array) -> None:
        descend = self._activations[layer].backward
        kept = self._kept[layer]
        descend(program, self._units[layer], delta, product, self._shape.slope, kept)

    def _deferred(self, layer: int) -> bool:
        """Whether the weights into a layer of one unit are applied to the first layer's sums.

        They multiply every pattern alike, so it is enough to do so once, after summing patterns.
        """
        sizes = self._shape.sizes
        if layer != 1 or sizes[2:3] != (1,) or self._is_sum(1):
            return False
        return all(source != 1 for source, _ in self._parameters.shortcuts)

    def _shortcut_steps(
        self, program: Program, layer: int, step: Parameters, reached: dict[int, Array]
    ) -> None:
        """Steps of the shortcuts into a layer; what they pass back is added to ``reached``."""
        delta = self._units[layer]
        for (source, target), own in step.shortcuts.items():
            if target != layer + 1:
                continue
            if not source:
                self._input_step(program, layer, own)
                continue
            below = self._units[source - 1]
            scratch, fresh = self._scratch(below.shape[1]), source not in reached
            emit_steps(program, below, delta, own, scratch)
            # Each source has an array of its own, as it is filled from several layers.
            back = reached.setdefault(source, self._scratch(below.shape[1], number=2 + source))
            weights = self._parameters.shortcuts[source, target]
            emit_back(program, delta, weights, back, scratch, fresh)

    def _layer_step(
        self, program: Program, layer: int, step: Parameters, reached: Array | None
    ) -> None:
        """Steps of the weights into a layer, and the deltas of the layer below.

        Args:
            program: to emit to.
            layer: the upper one.
            step: where the steps go.
            reached: what shortcuts have passed back to the units below; None for nothing.
        """
        delta, below = self._units[layer], self._units[layer - 1]
        product = self._scratch(below.shape[1])
        if self._is_sum(layer):
            back = delta if reached is None else reached
            if reached is not None:
                program.emit(np.add, reached, delta, reached)
            program.emit(np.multiply, below, back, product)
            self._apply_derivative(program, layer - 1, back, product)
            return
        weights = self._parameters.weights[layer]
        if len(weights) == 1 and reached is None:
            program.emit(np.multiply, below, delta, product)
            self._apply_derivative(program, layer - 1, delta, product)
            program.fold(product, 0, step.weights[layer][0])
            if not self._deferred(layer):
                program.emit(np.multiply, below, weights[0], below)
        else:
            back = self._scratch(below.shape[1], number=1) if reached is None else reached
            emit_steps(program, below, delta, step.weights[layer], product)
            emit_back(program, delta, weights, back, product, fresh=reached is None)
            program.emit(np.multiply, below, back, product)
            self._apply_derivative(program, layer - 1, back, product)
        program.fold(delta, 0, step.biases[layer])

    def _input_step(self, program: Program, layer: int, step: Array) -> None:
        """The step (I, units, N) of weights from the inputs into a layer; keeps its deltas."""
        delta = self._units[layer]
        scratch = self._scratch(delta.shape[1])
        for column, weight in zip(self._inputs, step, strict=True):
            if column.constant == 0:
                program.emit(np.positive, program.constant(0.0), weight)
            else:
                program.emit(np.multiply, delta, column.values, scratch)
                program.fold(scratch, 0, weight)
