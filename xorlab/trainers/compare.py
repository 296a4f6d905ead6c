"""Comparing two results part by part: every bit, or to a trainer's tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.system.npz import npz_arrays
from xorlab.trainers.columns import ARRAYS_FILE
from xorlab.trainers.result import Curve
from xorlab.trainers.shard_result import Files

# Texts, numbers, arrays and contents of files, by what they are, such as ``curve loss``.
Parts = dict[str, Any]


def parts_of(metrics: Mapping[str, float], curves: Mapping[str, Curve], files: Files) -> Parts:
    """What is compared of a run: its numbers, its curves, its arrays and its other files."""
    parts: Parts = {f"metric {name}": np.float64(value) for name, value in metrics.items()}
    for name, (steps, values) in curves.items():
        parts |= {f"steps of {name}": steps, f"curve {name}": values}
    others = dict(files)
    arrays = npz_arrays(others.pop(ARRAYS_FILE)) if ARRAYS_FILE in others else {}
    parts |= {f"array {name}": array for name, array in arrays.items()}
    return parts | {f"file {name}": content for name, content in others.items()}


def differences(one: Parts, other: Parts, rtol: float = 0.0) -> list[str]:
    """The names of parts that differ by more than a relative tolerance; 0 for every bit."""
    names = dict.fromkeys([*one, *other])
    return [name for name in names if not _equal(one.get(name), other.get(name), rtol)]


def _equal(a: Any, b: Any, rtol: float) -> bool:
    if rtol and isinstance(a, int) and isinstance(b, int):
        return abs(a - b) <= max(1, rtol * a)
    if not isinstance(a, np.ndarray | np.float64) or not isinstance(b, np.ndarray | np.float64):
        return bool(a == b)
    left: npt.NDArray[Any] = np.asarray(a)
    right: npt.NDArray[Any] = np.asarray(b)
    if not rtol or left.shape != right.shape or left.dtype.kind not in "fc":
        return left.shape == right.shape and left.tobytes() == right.tobytes()
    scale = float(np.max(np.abs(left), initial=0.0))
    return bool(np.allclose(left, right, rtol=rtol, atol=rtol * scale, equal_nan=True))
