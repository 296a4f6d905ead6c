"""Trained networks, as metrics see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from xorlab.networks.measured import Measured
from xorlab.networks.program import Array
from xorlab.networks.tasks.tasks import Task


@dataclass(frozen=True, eq=False)
class Answers:
    """What N networks answer to patterns that they did not learn.

    Attributes:
        targets: (P, O).
        outputs: (N, P, O).
        errors: (N, P, O) distances of the outputs from their targets.
        loss: (N,) mean squared error over patterns and outputs; NaN where a network diverged.
    """

    targets: Array
    outputs: Array
    errors: Array
    loss: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Endings:
    """N networks at the end of their training.

    Attributes:
        task: what they learned.
        errors: (N, P, O) distances of the outputs from their targets.
        loss: (N,) mean squared error over patterns and outputs; NaN where a network diverged.
        held_out: answers to the sets that were not learned, by name: ``validation``, ``test``.
        arrays: ``predictions`` (N, P, O), ``weights_1`` (N, fan_in, fan_out), ``biases_1``
            (N, fan_out), and so on for each layer; ``skip`` (N, I, O) where there are such weights.
    """

    task: Task
    errors: Array
    loss: npt.NDArray[np.float64]
    arrays: Mapping[str, Array]
    held_out: Mapping[str, Answers] = field(default_factory=dict)


def answers_of(
    measured: Measured, targets: Array, count: int, diverged: npt.NDArray[np.bool_]
) -> Answers:
    """The answers to patterns that were run forward.

    Args:
        measured: the patterns, W networks wide.
        targets: of the patterns, (P, O).
        count: how many networks there are, N.
        diverged: (N,) which of them have no loss.
    """
    for call in measured.compute_loss:
        call()
    loss = measured.loss[:count].astype(np.float64)
    loss[diverged] = np.nan
    outputs = measured.outputs[..., :count].transpose(2, 0, 1)
    errors = np.abs(measured.error[..., :count].transpose(2, 0, 1))
    return Answers(targets, outputs, errors, loss)
