"""The share of patterns with every output nearer to its target than to the other code."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings


def measure(ended: Endings) -> npt.NDArray[np.float64]:
    """(N,) from 0 to 1."""
    near = (ended.errors < ended.task.margin).all(axis=2)
    return np.asarray(near.mean(axis=1), np.float64)
