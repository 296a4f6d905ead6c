"""The mean squared error over patterns and outputs, whatever loss was minimised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings


def measure(ended: Endings) -> npt.NDArray[np.float64]:
    """(N,) at the end; NaN where the network diverged."""
    return ended.loss
