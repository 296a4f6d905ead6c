"""A table: the user's own patterns, from a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from typing import Any

from xorlab.config.fields import is_flag, is_integer, is_optional, is_text, key
from xorlab.errors import ConfigError
from xorlab.networks.tasks.data import Data
from xorlab.networks.tasks.data_task import DataTask, described
from xorlab.networks.tasks.table_file import TableData, TableFile
from xorlab.networks.tasks.table_rows import DECIMALS, DELIMITERS, MAX_COLUMNS
from xorlab.networks.tasks.table_text import TextFormat
from xorlab.networks.tasks.tasks import Task


def is_columns(v: Any) -> bool:
    """Whether a value names a column by name or position, or is a list of such."""
    return all(
        is_text(one) or is_integer(1, 2 * MAX_COLUMNS)(one)
        for one in (v if isinstance(v, list) and v else [v])
    )


_COLUMNS = "a name, a position counted from 1, or a list of such, as [a,b]"


@dataclass
class Table(DataTask, name="table", order=10):
    """Your own patterns: give task.path, a CSV or npz file."""

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

    header: bool | None = key(
        None,
        "whether the first row of a CSV table names its columns; null: if no cell of it is a "
        "number",
        "true, false or null",
        "task=table task.path=data.csv task.header=false",
        is_optional(is_flag),
        added_after_v1=True,
    )
    delimiter: str | None = key(
        None,
        "what stands between the columns of a CSV table; null: tab in a .tsv file, else comma",
        f"one of {', '.join(DELIMITERS)}, or null",
        "task=table task.path=data.csv task.delimiter=semicolon",
        is_optional(lambda v: v in DELIMITERS),
        added_after_v1=True,
    )
    decimal: str | None = key(
        None,
        "the decimal mark of a CSV table; null: point",
        f"one of {', '.join(DECIMALS)}, or null",
        "task=table task.path=data.csv task.delimiter=semicolon task.decimal=comma",
        is_optional(lambda v: v in DECIMALS),
        added_after_v1=True,
    )
    inputs: Any = key(
        None,
        "the columns of a CSV table that are inputs, by name or position; null: all but the "
        "targets",
        _COLUMNS,
        "task=table task.path=data.csv 'task.inputs=[1,2]'",
        is_optional(is_columns),
        added_after_v1=True,
    )
    targets: Any = key(
        None,
        "the columns of a CSV table that are targets, by name or position; null: the last",
        _COLUMNS,
        "task=table task.path=data.csv task.targets=3",
        is_optional(is_columns),
        added_after_v1=True,
    )

    classes: bool = key(
        False,
        "whether the target is a class, learned with one output for each: a column of integers or "
        "names, or one-hot columns",
        "true or false",
        "task=table task.path=data.csv task.classes=true network.output=softmax",
        is_flag,
        added_after_v1=True,
    )
    split: Any = key(
        None,
        "the column of a CSV table that says training, validation or test, by name or position; "
        "null: as task.validation, task.test and task.fold say",
        "a name or a position counted from 1, or null",
        "task=table task.path=data.csv task.split=set",
        is_optional(lambda v: not isinstance(v, list) and is_columns(v)),
        added_after_v1=True,
    )

    @property
    def unused(self) -> tuple[str, ...]:
        """The codes too, as the table has numbers."""
        return (*super().unused, "target_low", "target_high")

    @property
    def outputs_known(self) -> int | None:
        """As many as are configured; classes are counted in the file."""
        if self.classes:
            return None
        if self.targets is not None:
            return len(self.targets) if isinstance(self.targets, list) else 1
        return self.outputs

    def make(self) -> Task:
        """The patterns in the file, which is read once.

        Raises:
            ConfigError: it is missing, too large, empty, ragged, not numeric or not finite.
        """
        text = TextFormat(**{item.name: getattr(self, item.name) for item in fields(TextFormat)})
        file = TableFile(str(self.path))
        data = file.read(text)
        split = ("task.split", self.split)
        task = self.divided(
            Data(
                data.inputs,
                data.targets,
                data.classes,
                data.sets,
                split,
                data.lines,
                str(self.path),
            )
        )
        if not (task.held_out or task.classes or self.standardise):
            return replace(
                task,
                digest=data.digest,
                counted=_counted(file, data, text),
                understood=f"{self.path}: {data.understood}",
            )
        understood = f"{self.path}: {data.understood}; {described(task)}"
        return replace(task, digest=data.digest, understood=understood)


def _counted(file: TableFile, data: TableData, text: TextFormat) -> dict[str, Any]:
    """What counts in the identity of a run.

    How a table is read counts only where it says something new: then the patterns count.
    """
    outputs = text.outputs
    if text != TextFormat(outputs=outputs):
        found = data.targets.shape[1]
        outputs = found if outputs is None and found > 1 else outputs
        if not _is_plain(file, data, outputs):
            shape = f"{data.inputs.shape}{data.targets.shape}".encode()
            content = shape + data.inputs.tobytes() + data.targets.tobytes()
            return {"task.path": hashlib.sha256(content).hexdigest()}
    counted: dict[str, Any] = {"task.path": data.digest}
    return counted if outputs is None else counted | {"task.outputs": outputs}


def _is_plain(file: TableFile, data: TableData, outputs: int | None) -> bool:
    """Whether the same patterns are read where no key but the outputs is given."""
    try:
        plain = file.read(TextFormat(outputs=outputs), strict=False)
    except ConfigError:
        return False
    pairs = ((data.inputs, plain.inputs), (data.targets, plain.targets))
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)
