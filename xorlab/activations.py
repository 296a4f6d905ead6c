"""Activation functions, as calls on whole arrays of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xorlab.program import Array, Program

Emit = Callable[[Program, Array, float], None]
EmitSlope = Callable[[Program, Array, Array, Array, float], None]


@dataclass(frozen=True)
class Activation:
    """One activation function f with a = f(z).

    Attributes:
        apply: ``apply(program, z, slope)`` emits calls that turn z (P, units, N) into a in place.
        descend: ``descend(program, a, delta, product, slope)`` emits calls that turn a into
            f'(z) * delta in place, where ``product`` is a * delta. f' is written in terms of a.
            ``product`` is left as it is; ``delta`` may have one unit, shared by all.
        uses_delta: `descend` reads ``delta`` itself; if not, ``product`` may overwrite it.
        negated: z comes with its sign changed (the logistic function needs -z, and a sum of
            differences costs no more than a sum).
        bounded: a is finite whatever z is, so that a finite target means a finite loss.
    """

    apply: Emit
    descend: EmitSlope
    negated: bool = False
    bounded: bool = False
    uses_delta: bool = True


def _sigmoid(program: Program, z: Array, slope: float) -> None:
    one = program.constant(1.0)
    program.emit(np.exp, z, z)
    program.emit(np.add, z, one, z)
    program.emit(np.divide, one, z, z)


def _sigmoid_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float
) -> None:
    program.emit(np.subtract, program.constant(1.0), a, a)
    program.emit(np.multiply, a, product, a)


def _tanh(program: Program, z: Array, slope: float) -> None:
    program.emit(np.tanh, z, z)


def _tanh_descend(program: Program, a: Array, delta: Array, product: Array, slope: float) -> None:
    program.emit(np.multiply, a, product, a)
    program.emit(np.subtract, delta, a, a)


def _relu(program: Program, z: Array, slope: float) -> None:
    zero = program.constant(0.0)
    program.calls.append(lambda: np.maximum(z, zero, out=z))


def _relu_descend(program: Program, a: Array, delta: Array, product: Array, slope: float) -> None:
    # Subgradient 0 at the kink, as in most frameworks.
    program.emit(np.greater, a, program.constant(0.0), a)
    program.emit(np.multiply, a, delta, a)


def _leaky_relu(program: Program, z: Array, slope: float) -> None:
    leak = program.empty(*z.shape)
    program.emit(np.multiply, z, program.constant(slope), leak)
    # With a slope from 0 to 1 the larger of z and slope * z is the leaky rectifier.
    program.calls.append(lambda: np.maximum(z, leak, out=z))


def _leaky_relu_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float
) -> None:
    program.emit(np.greater, a, program.constant(0.0), a)
    program.emit(np.multiply, a, program.constant(1.0 - slope), a)
    program.emit(np.add, a, program.constant(slope), a)
    program.emit(np.multiply, a, delta, a)


def _linear(program: Program, z: Array, slope: float) -> None:
    """The identity: nothing to do."""


def _linear_descend(program: Program, a: Array, delta: Array, product: Array, slope: float) -> None:
    program.emit(np.copyto, a, delta)


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(_sigmoid, _sigmoid_descend, negated=True, bounded=True, uses_delta=False),
    "tanh": Activation(_tanh, _tanh_descend, bounded=True),
    "relu": Activation(_relu, _relu_descend),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_descend),
    "linear": Activation(_linear, _linear_descend),
}
