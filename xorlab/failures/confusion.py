"""Which class networks take patterns of another class for, of sets that they have not learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from xorlab.analysis.counts import counted
from xorlab.analysis.labels import setting_label, with_missing_named
from xorlab.analysis.report.generalisation import most_accurate
from xorlab.analysis.report.section import Section
from xorlab.analysis.report.summary import Summary
from xorlab.errors import ConfigError, StoreError
from xorlab.failures.recorded_task import recorded_task
from xorlab.networks.ending_words import class_names
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import predict
from xorlab.networks.trainer import TRAINER
from xorlab.tracking.read.weights import Network, load_weights
from xorlab.trainers.result import DIVERGED

_TITLE = "What held-out patterns are taken for"
_MOST_RUNS = 100
_MOST_COLUMNS = 12  # classes side by side; of more, only what is confused most is listed
_MOST_ROWS = 20

Counts = npt.NDArray[np.int64]
Confusion = tuple[str, Sequence[str], Counts]  # name of the set, names of the classes, (C, C)


def with_confusion(summary: Summary) -> Summary:
    """The summary with what the setting that generalises best answers to held-out patterns.

    If the weights or the patterns of its runs are not there any more, there is no such section.

    Args:
        summary: of runs of the built-in network.
    """
    runs = with_missing_named(summary.runs, summary.by)
    best = most_accurate(runs[runs["outcome"].notna()], summary.settings, summary.by)
    if best is None:
        return summary
    own = best[best["outcome"] != DIVERGED].head(_MOST_RUNS)
    own.attrs = summary.runs.attrs
    tasks: dict[object, Task] = {}  # the runs of a setting have the same, but for folds
    found: list[Confusion] = []
    try:
        for network, key in zip(load_weights(own).values(), own["key"], strict=True):
            which = TRAINER.data_key(network.config)
            tasks[which] = recorded_task(network, str(key), tasks.get(which))
            found += filter(None, [confusion_of(network, tasks[which])])
    except (ConfigError, StoreError):
        return summary
    if not found:
        return summary
    where, names, _ = found[0]
    shares = np.mean([_shares(counts) for _, _, counts in found], axis=0)
    label = setting_label(own.iloc[0].to_dict(), summary.by)
    text = (
        f"{counted(len(found), 'run')} of {label}, on the {where}: of the patterns of each class, "
        "the percentage that is answered as each class, on average over the runs."
    )
    patterns = np.mean([counts.sum(axis=1) for _, _, counts in found], axis=0)  # folds differ
    header, rows = _rows(names, patterns, 100 * shares, "{:.1f}")
    return replace(summary, confusion=Section(_TITLE, [text], header, rows))


def confusion_of(network: Network, task: Task) -> Confusion | None:
    """What one network answers to the test set, or to the validation set if there is no test set.

    Returns:
        the name of the set, those of the classes, and how many patterns of each class (C, C) are
        answered as each; None without such a set, or where outputs are not classes.
    """
    held_out = task.held_out
    patterns = held_out.get("test", held_out.get("validation"))
    names = _names(task)
    if patterns is None or not names:
        return None
    outputs = predict(network.config, network, patterns.inputs)
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (_classes(task, patterns.targets), _classes(task, outputs)), 1)
    return f"{'test' if 'test' in held_out else 'validation'} set", names, counts


def confusion_section(network: Network, task: Task) -> Section | None:
    """What one network answers to held-out patterns, in numbers of patterns."""
    found = confusion_of(network, task)
    if found is None:
        return None
    where, names, counts = found
    text = f"The {where}: how many patterns of each class are answered as each class."
    header, rows = _rows(names, counts.sum(axis=1), counts, "{:,}")
    return Section(_TITLE, [text], header, rows)


def _names(task: Task) -> Sequence[str]:
    """Of the classes, in the order of `_classes`; empty where outputs are none."""
    if task.answer == "largest":
        return class_names(task)
    if task.answer == "codes" and task.targets.shape[1] == 1:
        return [f"{value:g}" for value in np.unique(task.targets)]
    return ()


def _classes(task: Task, values: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """(P,) the class of each pattern, by targets or outputs (P, O)."""
    if task.answer == "largest":
        return np.asarray(values.argmax(axis=1), np.int64)
    middle = (task.target_facts.lowest + task.target_facts.highest) / 2
    return (values[:, 0] > middle).astype(np.int64)


def _shares(counts: Counts) -> npt.NDArray[np.float64]:
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), np.float64)


def _rows(
    names: Sequence[str],
    patterns: npt.NDArray[np.generic],
    values: npt.NDArray[np.generic],
    form: str,
) -> tuple[list[str], list[list[str]]]:
    """The header, and a row for each class; of many classes a row for each pair confused."""
    if len(names) <= _MOST_COLUMNS:
        header = ["class", "patterns", *(f"as {name}" for name in names)]
        rows = [
            [name, f"{count:,.6g}", *(form.format(value) for value in own)]
            for name, count, own in zip(names, patterns.tolist(), values.tolist(), strict=True)
        ]
        return header, rows
    wrong = np.where(np.eye(len(names), dtype=bool), 0, values)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_ROWS]
    pairs = [divmod(int(one), len(names)) for one in order if wrong.flat[one] > 0]
    return ["class", "patterns", "as", "how many"], [
        [names[own], f"{patterns[own]:,.6g}", names[other], form.format(wrong[own, other])]
        for own, other in pairs
    ]
