"""How this machine computes: NumPy and SciPy round some functions differently per processor."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import special


def fingerprint() -> dict[str, str]:
    """A hash for every function whose last bit may depend on the processor or a library.

    Recorded bits can only be compared where all of these are as recorded.
    """
    return {name: digest(values) for name, values in _computed()}


def digest(*arrays: Any) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of arrays: dtypes, shapes and bytes."""
    content = hashlib.sha256()
    for array in map(np.asarray, arrays):
        content.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
    return content.hexdigest()[:16]


def _computed() -> Iterator[tuple[str, Any]]:
    # Multiples of powers of two: the same numbers in both precisions.
    line = np.arange(-4095, 4096) / 128.0
    positive = np.arange(1, 8192) / 64.0
    for dtype in ("float64", "float32"):
        for function in (np.exp, np.tanh, np.reciprocal, np.square):
            yield f"{function.__name__} {dtype}", function(line[line != 0].astype(dtype))
        for function in (np.sqrt, np.log, np.log1p, np.log2, np.log10, np.cbrt):
            yield f"{function.__name__} {dtype}", function(positive.astype(dtype))
        thirds = (positive / 3).astype(dtype)
        yield f"power {dtype}", thirds ** np.array(0.37, dtype)
        yield f"sum {dtype}", np.sum(thirds)
        yield f"mean and deviation {dtype}", (np.mean(thirds), np.std(thirds))
        yield f"cumulative sum {dtype}", np.cumsum(thirds)
        left, right = thirds[:4032].reshape(63, 64), thirds[4032:8064].reshape(64, 63)
        yield f"matmul {dtype}", left @ right
        yield f"einsum {dtype}", np.einsum("ij,ij->i", left, right.T)
    legacy, random = np.random.RandomState(3), np.random.default_rng(3)
    yield "legacy random numbers", legacy.rand(1000)
    yield "uniform random numbers", random.uniform(-1, 1, 1000)
    yield "normal random numbers", random.normal(0, 1, 1000)
    yield "geomspace", np.geomspace(0.1, 100, 1001)
    yield "quantile", np.quantile(positive / 3, [0.1, 0.25, 0.5, 0.9])
    share = np.arange(1, 1024) / 1024.0
    for function in (special.ndtri, special.logit):
        yield function.__name__, function(share)
    yield "ndtr", special.ndtr(line)
    yield "expit", special.expit(line)
    yield "stdtrit", special.stdtrit(7, share)
    yield "betaln", special.betaln(positive, 2.5)
    yield "xlogy", special.xlogy(positive, share.max() * positive)
    for scalar in (math.exp, math.log, math.lgamma):
        yield f"math.{scalar.__name__}", [scalar(value) for value in positive.tolist()]
