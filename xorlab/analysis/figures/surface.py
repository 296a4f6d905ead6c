"""What the picture of a run shows, as arrays: its loss, and its network's answers to two inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_POINTS = 101  # along each axis of the surface
_MARGIN = 0.25  # of the patterns' range, on each side of them


def surface_axes(inputs: Array) -> tuple[Array, Array]:
    """Where to evaluate a network of two inputs, so that all patterns (P, 2) lie inside."""
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    margin = _MARGIN * np.maximum(high - low, 1e-9)
    x, y = (np.linspace(a, b, _POINTS) for a, b in zip(low - margin, high + margin, strict=True))
    return x, y


def surface_of(predict: Callable[[Array], Array], inputs: Array) -> Array:
    """The first output on the grid of `surface_axes`: rows along the second input.

    Args:
        predict: from inputs (P, 2) to outputs (P, O).
        inputs: (P, 2) patterns.
    """
    grid = np.stack(np.meshgrid(*surface_axes(inputs)), axis=-1).reshape(-1, 2)
    return predict(grid)[:, 0].reshape(_POINTS, _POINTS)


def run_arrays(
    steps: Array,
    loss: Array,
    solved: int | None,
    patterns: tuple[Array, Array] | None = None,
    surface: Array | None = None,
) -> dict[str, Array]:
    """What the picture shows, as arrays.

    Args:
        steps: (R,) epochs completed.
        loss: (R,) at those steps.
        solved: the step at which the run was first solved; None if it never was.
        patterns: inputs (P, 2) and targets (P, O); None for a picture of the loss alone.
        surface: from `surface_of`, with patterns.
    """
    arrays = {"steps": steps, "loss": loss, "solved": np.array(-1 if solved is None else solved)}
    if patterns is not None and surface is not None:
        arrays |= {"inputs": patterns[0], "targets": patterns[1], "surface": surface}
    return arrays
