"""Calls of the first layer where the patterns are all 2^I combinations of two input values."""

from __future__ import annotations

import numpy as np

from xorlab.networks.parameters import Parameters
from xorlab.networks.program import Array, Program


def emit_cube_sums(
    program: Program, z: Array, parameters: Parameters, negated: bool, low: float, high: float
) -> None:
    """Sums of the first layer over all 2^I patterns, in binary order.

    A pattern with an input set has the sum of the one without it, plus the weight of the input.

    Args:
        program: to emit to.
        z: (2^I, units, N), to be set to the sums, or to minus the sums where ``negated``.
        parameters: of the networks.
        negated: see `xorlab.networks.activations.activation.Activation`.
        low: value of an input that is not set.
        high: value of one that is.
    """
    weights, bias = parameters.weights[0], parameters.biases[0]
    base, combine = z[0], np.subtract if negated else np.add
    sign = np.negative if negated else np.positive
    if low == 0:
        program.emit(sign, bias, base)
    else:
        program.emit(np.positive, weights[0], base)
        for weight in weights[1:]:
            program.emit(np.add, base, weight, base)
        program.emit(np.multiply, base, program.constant(low), base)
        program.emit(np.add, base, bias, base)
        program.emit(sign, base, base)
    if high - low != 1:
        scaled = program.empty(*weights.shape)
        program.emit(np.multiply, weights, program.constant(high - low), scaled)
        weights = scaled
    for bit, weight in enumerate(weights[::-1]):
        half = 1 << bit
        program.emit(combine, z[:half], weight, z[half : 2 * half])


def emit_cube_steps(
    program: Program, delta: Array, step: Parameters, low: float, high: float
) -> None:
    """The first layer's steps over all 2^I patterns: sums over one input after the other.

    Args:
        program: to emit to.
        delta: (2^I, units, N) of the first layer, to be overwritten.
        step: its first layer is set.
        low: value of an input that is not set.
        high: value of one that is.
    """
    weights, bias = step.weights[0], step.biases[0]
    rows, inputs = len(delta), iter(weights)
    while rows > 4:
        half = rows // 2
        program.emit(np.add, delta[:half], delta[half:rows], delta[:half])
        program.fold(delta[half:rows], 0, next(inputs))
        rows = half
    first, second = inputs
    program.emit(np.add, delta[2], delta[3], first)
    program.emit(np.add, delta[1], delta[3], second)
    program.emit(np.add, delta[0], delta[1], bias)
    program.emit(np.add, bias, first, bias)
    if high - low != 1:
        program.emit(np.multiply, weights, program.constant(high - low), weights)
    if low != 0:
        lifted = program.empty(*bias.shape)
        program.emit(np.multiply, bias, program.constant(low), lifted)
        program.emit(np.add, weights, lifted, weights)
