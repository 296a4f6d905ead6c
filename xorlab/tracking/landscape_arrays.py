"""Pixels of a landscape as the arrays of an npz file, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.landscapes.landscape import Landscape
from xorlab.landscapes.pixels import Pixels
from xorlab.system.npz import npz_bytes
from xorlab.trainers.result import OUTCOMES
from xorlab.trainers.shard_result import FAILED

Array = npt.NDArray[Any]
Arrays = dict[str, Array]

ARRAYS_FILE, PICTURE_FILE = "landscape.npz", "landscape.png"
# Names of arrays in a file that are no metrics; a metric of this name has a prefix there.
_TAKEN = frozenset({"x", "y", "first", "failed", "reasons", "outcome", "epochs_to_solve"})
_METRIC = "metric."


def landscape_file(landscape: Landscape) -> bytes:
    """An npz: x (W,), y (H,), and outcome, epochs_to_solve and each metric, (H, W) each.

    Where runs raised an error, ``failed`` (K,) has the numbers of their pixels, row by row, and
    ``reasons`` (K,) the last lines of their errors.
    """
    width = landscape.x.size
    failures = {row * width + column: text for (row, column), text in landscape.failures.items()}
    arrays = arrays_of(
        Pixels(landscape.outcome, landscape.epochs_to_solve, landscape.metrics, failures)
    )
    return npz_bytes({"x": landscape.x.values, "y": landscape.y.values, **arrays}, small=True)


def arrays_of(pixels: Pixels) -> Arrays:
    """Pixels as the arrays of a file."""
    arrays: Arrays = {"outcome": pixels.outcome, "epochs_to_solve": pixels.epochs_to_solve}
    for name, values in pixels.metrics.items():
        arrays[f"{_METRIC}{name}" if name in _TAKEN else name] = values
    if pixels.failures:
        arrays["failed"] = np.array([*pixels.failures], np.int64)
        arrays["reasons"] = np.array([*pixels.failures.values()])
    return arrays


def pixels_of(arrays: Arrays) -> Pixels:
    """The reverse of `arrays_of`; a landscape's in one row.

    Raises:
        ValueError: an array has other values or another size than pixels have.
        KeyError: an array is missing.
    """
    outcome, epochs = arrays["outcome"].ravel(), arrays["epochs_to_solve"].ravel()
    facts = {name: array.ravel() for name, array in arrays.items() if name not in _TAKEN}
    failures: dict[int, str] = {}
    if "failed" in arrays:
        failed = arrays["failed"].ravel()
        _check("failed", failed, "i", arrays["reasons"].size)
        failures = dict(zip(failed.tolist(), arrays["reasons"].ravel().tolist(), strict=True))
    _check("outcome", outcome, "i", outcome.size)
    _check("epochs_to_solve", epochs, "i", outcome.size)
    for name, values in facts.items():
        _check(name, values, "f", outcome.size)
    if not np.isin(outcome, [FAILED, *range(len(OUTCOMES))]).all():
        raise ValueError("outcome has values that stand for no outcome")
    if not all(0 <= place < outcome.size for place in failures):
        raise ValueError("failed has numbers of pixels that there are not")
    metrics = {name.removeprefix(_METRIC): values for name, values in facts.items()}
    return Pixels(outcome, epochs, metrics, failures)


def _check(name: str, values: Array, kind: str, size: int) -> None:
    if values.dtype.kind != kind or values.size != size:
        raise ValueError(f"{name} has {values.size} values of type {values.dtype}, not {size}")
