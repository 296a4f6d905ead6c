"""The share of patterns with every output near its target, where targets are any numbers.

Near is half the distance between the smallest and the largest target, as for two codes. Answering
the middle between them always is near most targets: this is no share of right answers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings


def measure(ended: Endings) -> npt.NDArray[np.float64] | None:
    """(N,) from 0 to 1; None where targets say which answer is right: see `accuracy`."""
    if ended.task.answer is not None:
        return None
    near = (ended.errors < ended.task.margin).all(axis=2)
    return np.asarray(near.mean(axis=1), np.float64)
