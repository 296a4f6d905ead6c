"""Trained networks, as metrics see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.networks.program import Array
from xorlab.networks.tasks.tasks import Task


@dataclass(frozen=True, eq=False)
class Endings:
    """N networks at the end of their training.

    Attributes:
        task: what they learned.
        errors: (N, P, O) distances of the outputs from their targets.
        loss: (N,) mean squared error over patterns and outputs; NaN where a network diverged.
        arrays: ``predictions`` (N, P, O), ``weights_1`` (N, fan_in, fan_out), ``biases_1``
            (N, fan_out), and so on for each layer; ``skip`` (N, I, O) where there are such weights.
    """

    task: Task
    errors: Array
    loss: npt.NDArray[np.float64]
    arrays: Mapping[str, Array]
