"""The mean squared error of the validation set, with the weights that are kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings


def measure(ended: Endings) -> npt.NDArray[np.float64] | None:
    """(N,) at the end, NaN where the network diverged; None without a validation set."""
    answers = ended.held_out.get("validation")
    return None if answers is None else answers.loss
