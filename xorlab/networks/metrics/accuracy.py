"""The share of patterns that are answered rightly, where targets say which answer is right.

With two codes, every output must be nearer to its target than to the other code. With classes, the
output of the right class must be larger than each of the others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.endings import Endings
from xorlab.networks.program import Array
from xorlab.networks.tasks.tasks import Task


def measure(ended: Endings) -> npt.NDArray[np.float64] | None:
    """(N,) from 0 to 1; None where targets are any numbers: see `near_targets`."""
    return share_right(ended.task, ended.task.targets, ended.arrays["predictions"], ended.errors)


def share_right(
    task: Task, targets: Array, outputs: Array, errors: Array
) -> npt.NDArray[np.float64] | None:
    """The share of some patterns of a task that N networks answer rightly.

    Args:
        task: that was learned: what an answer is.
        targets: (P, O).
        outputs: (N, P, O).
        errors: (N, P, O) distances of the outputs from their targets.

    Returns:
        (N,) from 0 to 1; None where no answer is right or wrong.
    """
    right = right_answers(task, targets, outputs, errors)
    return None if right is None else np.asarray(right.mean(axis=1), np.float64)


def right_answers(
    task: Task, targets: Array, outputs: Array, errors: Array
) -> npt.NDArray[np.bool_] | None:
    """(N, P) which patterns are answered rightly; see `share_right`."""
    if task.answer is None:
        return None
    if task.answer == "codes":
        right = (errors < task.margin).all(axis=2)
    else:
        own = targets == task.targets.max()
        others = np.where(own, -np.inf, outputs).max(axis=2)
        right = np.where(own, outputs, -np.inf).max(axis=2) > others
    return np.asarray(right)
