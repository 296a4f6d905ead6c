"""The largest distance of an output from its target."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings


def measure(ended: Endings) -> npt.NDArray[np.float64]:
    """(N,) in the units of the targets."""
    return np.asarray(ended.errors.max(axis=(1, 2)), np.float64)
