"""When a run is solved: the loss or the largest error that it must reach."""

from __future__ import annotations

import numpy as np

from xorlab.networks.config import RIGHT_SIDE, TrainingConfig
from xorlab.networks.tasks.tasks import Task


def is_by_loss(training: TrainingConfig) -> bool:
    """Whether a run is solved by its mean squared error, not by the errors of its outputs."""
    return training.target_loss is not None


def error_limit(training: TrainingConfig, task: Task) -> float:
    """The largest error that an output of a solved run may have.

    An output on its target's side is nearer to it than the margin: the limit is then the largest
    number below the margin, in the precision of the training.
    """
    if training.criterion != RIGHT_SIDE:
        return training.tolerance
    kind = np.dtype(training.dtype).type
    return float(np.nextafter(kind(task.margin), kind(0)))


def solving_limit(training: TrainingConfig, task: Task) -> float:
    """The loss or the error, see `is_by_loss`, at or below which a run is solved."""
    if training.target_loss is not None:
        return training.target_loss
    return error_limit(training, task)
