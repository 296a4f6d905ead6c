"""A table: the user's own patterns, from a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xorlab.config.fields import is_integer, is_optional, is_text, key
from xorlab.networks.tasks.table_file import MAX_COLUMNS, read_table
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import Task


@dataclass
class Table(TaskConfig, name="table", order=10):
    """Your own patterns: give task.path, a CSV or npz file."""

    unused: ClassVar[tuple[str, ...]] = ("low", "high", "target_low", "target_high")

    path: str | None = key(
        None,
        "file of a table: a CSV (targets in the last columns, a header is "
        "optional), or an npz with arrays inputs and targets",
        "the path of a CSV or npz file",
        "task=table task.path=data.csv",
        is_text,
    )
    outputs: int | None = key(
        None,
        "how many of the last columns of a CSV table are targets",
        "an integer >= 1",
        "task=table task.path=data.csv task.outputs=2",
        is_optional(is_integer(1, MAX_COLUMNS)),
    )

    @property
    def outputs_known(self) -> int | None:
        """As many as are configured."""
        return self.outputs

    def make(self) -> Task:
        """The patterns in the file, which is read once.

        Raises:
            ConfigError: it is missing, too large, empty, ragged, not numeric or not finite.
        """
        inputs, targets, digest = read_table(str(self.path), self.outputs or 1)
        # Halved before they are subtracted: no overflow between the largest numbers there are.
        half = float(targets.max() / 2 - targets.min() / 2)
        return Task(inputs, targets, None, margin=half or 0.5, digest=digest)
