"""First and second derivatives of activations and losses, by name, on whole arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Triple = tuple[Floats, Floats, Floats]

# Activations: f, f' and f'' at z.


def _sigmoid(z: Floats, slope: float) -> Triple:
    small = np.exp(-np.abs(z))  # no overflow, and no cancellation in 1 - f where f is near 1
    f = np.where(z >= 0, 1.0, small) / (1.0 + small)
    first = small / (1.0 + small) ** 2
    return f, first, first * (1.0 - 2.0 * f)


def _tanh(z: Floats, slope: float) -> Triple:
    f = np.tanh(z)
    first = 4.0 * _sigmoid(2.0 * z, slope)[1]
    return f, first, -2.0 * f * first


def _relu(z: Floats, slope: float) -> Triple:
    return _leaky_relu(z, 0.0)


def _leaky_relu(z: Floats, slope: float) -> Triple:
    first = np.where(z > 0, 1.0, slope)
    return first * z, first, np.zeros_like(z)


def _linear(z: Floats, slope: float) -> Triple:
    return z, np.ones_like(z), np.zeros_like(z)


def _abs(z: Floats, slope: float) -> Triple:
    return np.abs(z), np.sign(z), np.zeros_like(z)


DERIVATIVES: dict[str, Callable[[Floats, float], Triple]] = {
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "linear": _linear,
    "abs": _abs,
}
# Activations whose second derivative is 0 wherever it exists; kinks are at z = 0.
PIECEWISE_LINEAR = frozenset({"relu", "leaky_relu", "linear", "abs"})
KINKED = frozenset({"relu", "leaky_relu", "abs"})
# Activations with f(-z) = c - f(z): a unit with negated weights computes the same up to sign.
ODD = frozenset({"sigmoid", "tanh", "linear"})


# Losses: the term of one pattern and output, and its first and second derivative by z, from z, the
# target t and the output activation's f, f' and f''.


def _squared(z: Floats, t: Floats, f: Floats, first: Floats, second: Floats) -> Triple:
    return 0.5 * (f - t) ** 2, (f - t) * first, first**2 + (f - t) * second


def _cross_entropy(z: Floats, t: Floats, f: Floats, first: Floats, second: Floats) -> Triple:
    # -t log f - (1 - t) log(1 - f) for the logistic f, without a logarithm of 0.
    return np.logaddexp(0.0, z) - t * z, f - t, first


TERMS: dict[str, Callable[[Floats, Floats, Floats, Floats, Floats], Triple]] = {
    "half_sse": _squared,
    "half_mse": _squared,
    "cross_entropy": _cross_entropy,
}
