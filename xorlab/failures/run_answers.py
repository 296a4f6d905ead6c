"""What the network of one run answers to its patterns, as sections of its page."""

from __future__ import annotations

import numpy as np

from xorlab.analysis.counts import counted
from xorlab.analysis.report.section import Section
from xorlab.failures.confusion import confusion_section
from xorlab.networks.criterion import error_limit
from xorlab.networks.ending_words import answers_right, class_names
from xorlab.networks.tasks.data_task import DataTask
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import predict
from xorlab.networks.training_config import RIGHT_SIDE
from xorlab.tracking.read.weights import Network

_MOST_PATTERNS = 64


def answers(network: Network, task: Task) -> list[Section]:
    """What it answers to the training set, and where outputs are classes to held-out patterns.

    Args:
        network: that has not diverged.
        task: that it learned.
    """
    held_out = confusion_section(network, task)
    return [_training_set(network, task), *([] if held_out is None else [held_out])]


def _training_set(network: Network, task: Task) -> Section:
    outputs, training = predict(network.config, network, task.inputs), network.config.training
    by_answer = answers_right(task, outputs)
    near = np.all(np.abs(outputs - task.targets) <= error_limit(training, task), axis=1)
    met, whose, right = f"within {training.tolerance:g}", " of the target", near
    if training.target_accuracy is not None and by_answer is not None:
        met, whose, right = "answered rightly", "", by_answer
    elif training.criterion == RIGHT_SIDE:
        met, whose = "on the right side", ""
    text = f"{right.sum():,} of {counted(len(right), 'pattern')} {met}{whose}."
    header = ["pattern", "inputs", "targets", "outputs", met]
    wanted, given = [*map(_numbers, task.targets)], [*map(_numbers, outputs)]
    if task.answer == "largest":
        header[2:4] = ["class", "answer (outputs)"]
        names, largest = class_names(task), outputs.argmax(axis=1).tolist()
        wanted = [names[n] for n in task.targets.argmax(axis=1).tolist()]
        given = [f"{names[n]} ({text})" for n, text in zip(largest, given, strict=True)]
        if right is not by_answer and by_answer is not None:
            text += f" {counted(int(by_answer.sum()), 'pattern')} answered rightly."
    chosen = network.config.task
    if isinstance(chosen, DataTask) and chosen.standardise:
        which = "Inputs are" if task.classes else "Inputs and targets are"
        text += f" {which} as they were learned, standardised."
    rows = [
        [task.name_of(n), _numbers(task.inputs[n]), *answer, "yes" if good else "no"]
        for n, (*answer, good) in enumerate(zip(wanted, given, right.tolist(), strict=True))
    ]
    if len(rows) > _MOST_PATTERNS:
        text += f" The table has {_MOST_PATTERNS} of them, wrong ones first."
        rows.sort(key=lambda row: row[-1] == "yes")
    return Section("What it answers", [text], header, rows[:_MOST_PATTERNS])


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.3g}" for value in values.tolist())
