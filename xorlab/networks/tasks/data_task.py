"""What tasks with data have in common: a training, a validation and a test set."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xorlab.config.fields import MAX_SEED, is_flag, is_integer, is_optional, is_share, key
from xorlab.errors import ConfigError
from xorlab.networks.tasks.data import Data, refuse_missing_class
from xorlab.networks.tasks.splits import TEST, TRAINING, VALIDATION, Shares, drawn, named
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import Patterns, Task

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MAX_FOLDS = 1000
_SHOWN = 8  # classes in a line


@dataclass
class DataTask(TaskConfig):
    """A task whose patterns are divided into sets."""

    validation: float = key(
        0.0,
        "share of the patterns that is held out as the validation set, drawn by task.split_seed "
        "with the same share of every class",
        "a number >= 0 and < 1",
        "task=dataset task.validation=0.25",
        is_share,
        added_after_v1=True,
    )
    test: float = key(
        0.0,
        "share of the patterns that is held out as the test set, drawn likewise",
        "a number >= 0 and < 1",
        "task=dataset task.validation=0.25 task.test=0.25",
        is_share,
        added_after_v1=True,
    )
    fold: int | None = key(
        None,
        "if set: cross-validation. This one of task.folds parts, counted from 0, of all patterns "
        "but the test set is the validation set",
        "an integer from 0 to task.folds - 1, or null",
        "-m task=dataset 'task.fold=range(0,5)'",
        is_optional(is_integer(0, MAX_FOLDS - 1)),
        added_after_v1=True,
    )
    folds: int = key(
        5,
        "how many parts task.fold counts",
        f"an integer from 2 to {MAX_FOLDS}",
        "-m task=dataset task.folds=10 'task.fold=range(0,10)'",
        is_integer(2, MAX_FOLDS),
        added_after_v1=True,
    )
    split_seed: int = key(
        0,
        "seed of the draw of the sets, which is apart from seed",
        f"an integer from 0 to {MAX_SEED}",
        "-m task=dataset task.validation=0.25 'task.split_seed=range(0,10)'",
        is_integer(0, MAX_SEED),
        added_after_v1=True,
    )
    standardise: bool = key(
        False,
        "subtract from each input its mean over the training set and divide by its standard "
        "deviation there; targets that are no classes as well",
        "true or false",
        "task=dataset task.standardise=true",
        is_flag,
        added_after_v1=True,
    )

    @property
    def unused(self) -> tuple[str, ...]:
        """The codes of inputs, and what plays no part as nothing is drawn."""
        return ("low", "high", *self._idle())

    def _idle(self) -> dict[str, str]:
        """The keys that play no part, and where they would."""
        idle = {}
        if self.fold is None:
            idle["folds"] = "task.fold"
            if not self.validation and not self.test:
                idle["split_seed"] = "task.validation, task.test or task.fold"
        return idle

    @property
    def outputs_known(self) -> int | None:
        """Only the data say so."""
        return None

    def check(self) -> None:
        """Refuse shares that leave nothing to train on, a fold that there is not, and idle keys."""
        super().check()
        for name, others in self._idle().items():
            value = getattr(self, name)
            if value != getattr(DataTask, name):
                raise ConfigError(f"task.{name}", value, f"left out without {others}")
        if self.validation + self.test >= 1:
            raise ConfigError(
                "task.validation", self.validation, f"less than 1 - task.test={self.test:g}"
            )
        if self.fold is None:
            return
        if self.fold >= self.folds:
            raise ConfigError("task.fold", self.fold, f"below task.folds={self.folds}")
        if self.validation:
            raise ConfigError(
                "task.validation",
                self.validation,
                f"0 where task.fold={self.fold}: the fold is the validation set",
            )

    def divided(self, data: Data) -> Task:
        """The sets as a task, which counts by its content in the identity of a run.

        Raises:
            ConfigError: the sets cannot be drawn, or a class is missing from the training set.
        """
        import numpy as np

        sets = self._sets(data)
        if data.classes:
            refuse_missing_class(data, sets[TRAINING], self._cause(data))
        inputs, targets = data.inputs, data.targets
        if self.standardise:
            inputs = _standardised(inputs, sets[TRAINING])
            if not data.classes:
                targets = _standardised(targets, sets[TRAINING])
        coded = np.where(targets, self.target_high, self.target_low) if data.classes else targets
        parts = {name: Patterns(inputs[rows], coded[rows]) for name, rows in sets.items()}
        training = parts[TRAINING]
        # Halved before they are subtracted: no overflow between the largest numbers there are.
        half = float(training.targets.max() / 2 - training.targets.min() / 2)
        rows = sets[TRAINING]
        lines = None if data.lines is None else np.asarray(data.lines, np.int64)
        origin = ("pattern", rows + 1) if lines is None else ("line", lines[rows])
        content = content_digest(parts, data.classes)
        task = Task(
            training.inputs,
            training.targets,
            None,
            margin=half or 0.5,
            digest=content,
            counted={"task.path": content},
            classes=data.classes,
            validation=parts.get(VALIDATION),
            test=parts.get(TEST),
            origin=origin,
        )
        understood = f"{self.label}: {len(data.inputs)} patterns; {described(task)}"
        return replace(task, understood=understood)

    def _sets(self, data: Data) -> dict[str, npt.NDArray[np.int64]]:
        shares = Shares(self.validation, self.test, self.fold, self.folds, self.split_seed)
        if data.sets is None:
            classes = data.targets.argmax(axis=1) if data.classes else None
            return drawn(len(data.inputs), classes, shares)
        drawn_keys = {"validation": 0.0, "test": 0.0, "fold": None}
        for name, default in drawn_keys.items():
            value = getattr(self, name)
            if value != default:
                raise ConfigError(f"task.{name}", value, "left out where the data name the sets")
        return named(data.sets, *data.split, data.place)

    def _cause(self, data: Data) -> tuple[str, object]:
        """The key to change where the training set is too small."""
        if data.sets is not None:
            return data.split
        if self.fold is not None:
            return "task.folds", self.folds
        return ("task.validation", self.validation) if self.validation else ("task.test", self.test)


def described(task: Task) -> str:
    """How many patterns each set has, and which classes there are."""
    sets = {"training": len(task.inputs)}
    sets |= {name: len(patterns.inputs) for name, patterns in task.held_out.items()}
    text = ", ".join(f"{count} {name}" for name, count in sets.items())
    if not task.classes:
        return text
    every = [task.targets, *(one.targets for one in task.held_out.values())]
    counts = Counter(one for targets in every for one in targets.argmax(axis=1).tolist())
    names = [f'"{name}"' if "," in name else name for name in task.classes[:_SHOWN]]
    if max(counts.values()) > 1:  # a class that is misspelt in one row is of that row alone
        names = [f"{name} (1 pattern)" if counts[n] == 1 else name for n, name in enumerate(names)]
    shown = ", ".join(names) + ", ..." * (len(task.classes) > _SHOWN)
    return f"{text}; {len(task.classes)} classes: {shown}"


def content_digest(parts: dict[str, Patterns], classes: Sequence[str]) -> str:
    """SHA-256 of the numbers of every set, in hexadecimal."""
    found = hashlib.sha256(repr(tuple(classes)).encode())
    for name, one in parts.items():
        found.update(f"{name}{one.inputs.shape}{one.targets.shape}".encode())
        found.update(one.inputs.tobytes())
        found.update(one.targets.tobytes())
    return found.hexdigest()


def _standardised(values: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    """By the figures of some rows; what is constant there becomes 0."""
    import numpy as np

    mean, spread = values[rows].mean(axis=0), values[rows].std(axis=0)
    constant = np.ptp(values[rows], axis=0) == 0
    made = (values - mean) / np.where(constant, 1.0, spread)
    made[:, constant] = 0.0
    return np.asarray(made, np.float64)
