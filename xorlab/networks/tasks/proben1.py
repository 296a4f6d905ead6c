"""Proben1: benchmark files that say themselves which patterns train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xorlab.config.data_files import digest, read_file
from xorlab.config.fields import is_text, key
from xorlab.config.paths import given_path
from xorlab.errors import ConfigError
from xorlab.networks.tasks.classes import is_one_hot
from xorlab.networks.tasks.data import Data
from xorlab.networks.tasks.data_task import DataTask, described
from xorlab.networks.tasks.splits import TEST, TRAINING, VALIDATION
from xorlab.networks.tasks.tasks import Task

_COUNTS = {
    "bool_in": "inputs",
    "real_in": "inputs",
    "bool_out": "targets",
    "real_out": "targets",
    "training_examples": TRAINING,
    "validation_examples": VALIDATION,
    "test_examples": TEST,
}


@dataclass
class Proben1(DataTask, name="proben1", order=13):
    """A file of the Proben1 benchmarks (Prechelt 1994): give task.path."""

    path: str | None = key(
        None,
        "file of a task",
        "the path of a .dt file of Proben1",
        "task=proben1 task.path=cancer1.dt",
        is_text,
    )

    def make(self) -> Task:
        """The file's patterns; its first lines say how many train, validate and test.

        Targets that are one-hot are classes, named by their number from 0.

        Raises:
            ConfigError: it is missing or too large, or is not such a file.
        """
        import numpy as np

        path = given_path("task.path", str(self.path))
        content = read_file("task.path", path)
        lines = content.decode("utf-8", "replace").splitlines()
        counts = dict.fromkeys(_COUNTS, -1)
        for line in lines[: len(counts)]:
            name, equals, number = (part.strip() for part in line.partition("="))
            if name in counts and equals and number.isdecimal():
                counts[name] = int(number)
        missing = [name for name, count in counts.items() if count < 0]
        if missing:
            raise ConfigError(
                "task.path", path, f"a file of Proben1, with {missing[0]}= in its first 7 lines"
            )
        sums = dict.fromkeys(_COUNTS.values(), 0)
        for name, part in _COUNTS.items():
            sums[part] += counts[name]
        rows = [line.split() for line in lines[len(counts) :] if line.strip()]
        width, examples = sums["inputs"] + sums["targets"], [TRAINING, VALIDATION, TEST]
        total = sum(sums[part] for part in examples)
        if len(rows) != total or any(len(row) != width for row in rows):
            wrong = next((n for n, row in enumerate(rows, 1) if len(row) != width), 0)
            found = f"example {wrong} has not" if wrong else f"this one has {len(rows)} examples"
            raise ConfigError(
                "task.path",
                path,
                f"a file with {total} examples of {width} numbers, as it says itself ({found})",
            )
        try:
            table = np.array(rows, np.float64)
        except ValueError as error:
            raise ConfigError("task.path", path, f"a file of numbers ({error})") from error
        if not sums["inputs"] or not sums["targets"] or not np.isfinite(table).all():
            raise ConfigError("task.path", path, "a file with finite inputs and outputs")
        inputs, targets = table[:, : sums["inputs"]], table[:, sums["inputs"] :]
        names = map(str, range(targets.shape[1])) if is_one_hot(targets) else ()
        sets = [part for part in examples for _ in range(sums[part])]
        task = self.divided(Data(inputs, targets, tuple(names), sets, ("task.path", path)))
        return replace(task, digest=digest(content), understood=f"{path}: {described(task)}")
