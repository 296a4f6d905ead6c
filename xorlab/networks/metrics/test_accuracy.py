"""The share of the test set that is answered rightly, with the weights that are kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings
from xorlab.networks.metrics.accuracy import share_right


def measure(ended: Endings) -> npt.NDArray[np.float64] | None:
    """(N,) from 0 to 1; None without a test set, or where no answer is right or wrong."""
    answers = ended.held_out.get("test")
    if answers is None:
        return None
    return share_right(ended.task, answers.targets, answers.outputs, answers.errors)
