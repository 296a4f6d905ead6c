"""How a run ended, in words: the rule that ended it, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from xorlab.errors import spell
from xorlab.networks.metrics.accuracy import right_answers
from xorlab.networks.stopping.rule import rules_of, stops_of
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.training_config import TrainingConfig

_MOST_NAMED = 8  # wrong answers
_ACCURACIES = {
    "accuracy": "of the training set",
    "final_validation_accuracy": "of the validation set",
    "test_accuracy": "of the test set",
}


def early_end(training: TrainingConfig, epochs_run: int) -> str:
    """A sentence on the rule that ended a run before its last epoch; empty where none did.

    Args:
        training: of the run, which was not solved and did not diverge.
        epochs_run: when it ended.
    """
    if epochs_run >= training.epochs:
        return ""
    on = rules_of(training)
    keys = ("min_gradient", *(key for key in ("min_loss", "patience") if key in on))
    given = {key: getattr(training, key) for key in keys}
    rules = [f"training.stop={name}" for name in stops_of(training) if name != "solved"]
    rules += [f"training.{key}={spell(value)}" for key, value in given.items() if value is not None]
    return f"{' or '.join(rules)} ended it before training.epochs={training.epochs}."


def answers_right(task: Task, outputs: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_] | None:
    """Which patterns one network answers rightly.

    Args:
        task: that it learned.
        outputs: (P, O) for its training set.

    Returns:
        (P,), or None where no answer is right or wrong.
    """
    errors = np.abs(outputs - task.targets)
    right = right_answers(task, task.targets, outputs[np.newaxis], errors[np.newaxis])
    return None if right is None else right[0]


def class_names(task: Task) -> tuple[str, ...]:
    """What each output stands for, where the largest one answers."""
    return task.classes or tuple(f"output {n + 1}" for n in range(task.targets.shape[1]))


def class_answers(task: Task, outputs: npt.NDArray[np.floating]) -> str:
    """How many patterns of classes are answered rightly, and which of them are not.

    Args:
        task: whose largest output answers.
        outputs: (P, O), finite.
    """
    right = answers_right(task, outputs)
    assert right is not None  # noqa: S101  (of classes)
    names = class_names(task)
    wanted, given = task.targets.argmax(axis=1), outputs.argmax(axis=1)
    every = f"{len(right):,} patterns of the training set"
    lines = [f"{right.sum():,} of {every} are answered rightly."]
    wrong = np.flatnonzero(~right).tolist()
    lines += [
        f"  {task.name_of(n)}, {names[wanted[n]]}: answered {names[given[n]]}"
        for n in wrong[:_MOST_NAMED]
    ]
    if len(wrong) > _MOST_NAMED:
        lines.append(f"  and {len(wrong) - _MOST_NAMED:,} more")
    return "\n".join(lines)


def accuracies(metrics: Mapping[str, float]) -> str:
    """The accuracies that were measured, in one line."""
    known = [f"{metrics[name]:.4g} {of}" for name, of in _ACCURACIES.items() if name in metrics]
    return f"Accuracy: {', '.join(known)}."
