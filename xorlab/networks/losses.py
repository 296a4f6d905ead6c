"""What training minimises. The recorded loss is the mean squared error whatever stands here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Loss:
    """A loss E of outputs y and targets t.

    Attributes:
        value: ``value(y, t)`` gives E for outputs and targets of shape (P, O).
        scale: ``scale(P, O)``: what the sum over patterns and outputs is multiplied by.
        canonical: -dE/dz is t - y for the output's own activation, without its slope.
    """

    value: Callable[[Floats, Floats], float]
    scale: Callable[[int, int], float]
    canonical: bool = False


def _half_sse(y: Floats, t: Floats) -> float:
    return float(0.5 * np.sum((t - y) ** 2))


def _half_mse(y: Floats, t: Floats) -> float:
    return float(0.5 * np.mean((t - y) ** 2))


def _cross_entropy(y: Floats, t: Floats) -> float:
    return float(-np.sum(t * np.log(y) + (1 - t) * np.log1p(-y)))


LOSSES: dict[str, Loss] = {
    # Rumelhart, Hinton & Williams (1986): half the squared error, summed over all patterns.
    "half_sse": Loss(_half_sse, lambda patterns, outputs: 1.0),
    "half_mse": Loss(_half_mse, lambda patterns, outputs: 1.0 / (patterns * outputs)),
    # Solla, Levin & Fleisher (1988); summed over patterns, with a logistic output.
    "cross_entropy": Loss(_cross_entropy, lambda patterns, outputs: 1.0, canonical=True),
}
