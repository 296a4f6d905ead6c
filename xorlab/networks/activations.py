"""Activation functions, as calls on whole arrays of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xorlab.networks.program import Array, Program

Apply = Callable[[Program, Array, float, Array], None]
Descend = Callable[[Program, Array, Array, Array, float, Array], None]

NOTHING: Array = np.empty(0)  # what is kept where an activation keeps nothing


@dataclass(frozen=True)
class Activation:
    """One activation function f with a = f(z).

    Attributes:
        apply: ``apply(program, z, slope, kept)`` emits calls that turn z (P, units, N) into a in
            place.
        descend: ``descend(program, a, delta, product, slope, kept)`` emits calls that turn a into
            f'(z) * delta in place, where ``product`` is a * delta. f' is written in terms of a
            and of what was kept. ``product`` is left as it is; ``delta`` may have one unit,
            shared by all.
        uses_delta: `descend` reads ``delta`` itself; if not, ``product`` may overwrite it.
        negated: z comes with its sign changed (the logistic function needs -z, and a sum of
            differences costs no more than a sum).
        bounded: a is finite whatever z is, so that a finite target means a finite loss.
        keeps: f' cannot be written in terms of a: `apply` leaves what it takes in ``kept``, an
            array like z; for other activations `NOTHING` is handed over.
    """

    apply: Apply
    descend: Descend
    negated: bool = False
    bounded: bool = False
    uses_delta: bool = True
    keeps: bool = False


def _sigmoid(program: Program, z: Array, slope: float, kept: Array) -> None:
    one = program.constant(1.0)
    program.emit(np.exp, z, z)
    program.emit(np.add, z, one, z)
    program.emit(np.divide, one, z, z)


def _sigmoid_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
) -> None:
    program.emit(np.subtract, program.constant(1.0), a, a)
    program.emit(np.multiply, a, product, a)


def _tanh(program: Program, z: Array, slope: float, kept: Array) -> None:
    program.emit(np.tanh, z, z)


def _tanh_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
) -> None:
    program.emit(np.multiply, a, product, a)
    program.emit(np.subtract, delta, a, a)


def _relu(program: Program, z: Array, slope: float, kept: Array) -> None:
    zero = program.constant(0.0)
    program.calls.append(lambda: np.maximum(z, zero, out=z))


def _relu_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
) -> None:
    # Subgradient 0 at the kink, as in most frameworks.
    program.emit(np.greater, a, program.constant(0.0), a)
    program.emit(np.multiply, a, delta, a)


def _leaky_relu(program: Program, z: Array, slope: float, kept: Array) -> None:
    leak = program.empty(*z.shape)
    program.emit(np.multiply, z, program.constant(slope), leak)
    # With a slope from 0 to 1 the larger of z and slope * z is the leaky rectifier.
    program.calls.append(lambda: np.maximum(z, leak, out=z))


def _leaky_relu_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
) -> None:
    program.emit(np.greater, a, program.constant(0.0), a)
    program.emit(np.multiply, a, program.constant(1.0 - slope), a)
    program.emit(np.add, a, program.constant(slope), a)
    program.emit(np.multiply, a, delta, a)


def _linear(program: Program, z: Array, slope: float, kept: Array) -> None:
    """The identity: nothing to do."""


def _linear_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
) -> None:
    program.emit(np.copyto, a, delta)


def _abs(program: Program, z: Array, slope: float, kept: Array) -> None:
    program.emit(np.sign, z, kept)
    program.emit(np.abs, z, z)


def _abs_descend(
    program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
) -> None:
    # Subgradient 0 at the kink: the sign of 0 is 0.
    program.emit(np.multiply, kept, delta, a)


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(_sigmoid, _sigmoid_descend, negated=True, bounded=True, uses_delta=False),
    "tanh": Activation(_tanh, _tanh_descend, bounded=True),
    "relu": Activation(_relu, _relu_descend),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_descend),
    "linear": Activation(_linear, _linear_descend),
    "abs": Activation(_abs, _abs_descend, keeps=True),
}
