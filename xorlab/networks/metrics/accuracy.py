"""The share of patterns that are answered rightly, where targets say which answer is right.

With two codes, every output must be nearer to its target than to the other code. With classes, the
output of the right class must be larger than each of the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings


def measure(ended: Endings) -> npt.NDArray[np.float64] | None:
    """(N,) from 0 to 1; None where targets are any numbers: see `near_targets`."""
    task = ended.task
    if task.answer is None:
        return None
    if task.answer == "codes":
        right = (ended.errors < task.margin).all(axis=2)
    else:
        outputs, own = ended.arrays["predictions"], task.targets == task.targets.max()
        others = np.where(own, -np.inf, outputs).max(axis=2)
        right = np.where(own, outputs, -np.inf).max(axis=2) > others
    return np.asarray(right.mean(axis=1), np.float64)
