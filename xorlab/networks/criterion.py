"""When a run is solved: the loss or the largest error that it must reach."""

from __future__ import annotations

import numpy as np

from xorlab.networks.tasks.tasks import Task
from xorlab.networks.training_config import RIGHT_SIDE, TrainingConfig


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


def wrong_answers(training: TrainingConfig, patterns: int) -> int:
    """How many of so many patterns may be answered wrongly, by `training.target_accuracy`."""
    wrong = 1.0 - (training.target_accuracy or 1.0)
    return int(wrong * patterns + 1e-9)  # 0.05 of 20 patterns is 1, however it is rounded


def solving_limit(training: TrainingConfig, task: Task, patterns: int) -> float:
    """The loss, error or number of wrong answers at or below which a run is solved.

    Args:
        training: with the criterion.
        task: that is learned.
        patterns: how many there are in the set that is looked at.
    """
    if training.target_accuracy is not None:
        return wrong_answers(training, patterns)
    if training.target_loss is not None:
        return training.target_loss
    return error_limit(training, task)
