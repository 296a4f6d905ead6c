"""Tables as text: delimiter, header, decimal mark and columns, stated and never guessed silently.

Three things follow from the file where no key states them: the delimiter from the end of its name,
a header from a first row without a number, and the targets as the last columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.analysis.counts import counted
from xorlab.errors import ConfigError
from xorlab.networks.tasks.classes import one_hot
from xorlab.networks.tasks.one_hot import refuse_one_hot
from xorlab.networks.tasks.table_cells import refuse_cells, refuse_ragged
from xorlab.networks.tasks.table_columns import Columns, MisreadError
from xorlab.networks.tasks.table_hint import OTHERWISE, reading_hint
from xorlab.networks.tasks.table_rows import Row, header_of, pointed, rows_of, word_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_KEY = "task.path"


@dataclass(frozen=True)
class TextFormat:
    """How a table of text is understood; None where the file itself says it.

    Attributes:
        outputs: how many columns are targets.
        header: whether the first row names the columns.
        delimiter: a name among `DELIMITERS`.
        decimal: ``point`` or ``comma``.
        inputs, targets: columns, each by its name or by its position, counted from 1.
        split: the column that names the set of each pattern.
        classes: whether the target is a class; a column of them may hold any text.
    """

    outputs: int | None = None
    header: bool | None = None
    delimiter: str | None = None
    decimal: str | None = None
    inputs: Any = None
    targets: Any = None
    split: Any = None
    classes: bool = False


@dataclass(frozen=True, eq=False)
class TextTable:
    """What a table of text holds.

    Attributes:
        inputs: (P, I).
        targets: (P, O); zeros and ones where they are classes.
        classes: the names of the classes that a column of labels holds; else empty.
        sets: the set of each pattern, as it is called there; None without such a column.
        understood: how it was understood, in a few words.
        lines: of the file, one for each pattern; None where there are none.
    """

    inputs: Floats
    targets: Floats
    classes: tuple[str, ...]
    sets: tuple[str, ...] | None
    understood: str
    lines: tuple[int, ...] | None = None


def read_text(
    path: Path, content: bytes, text: TextFormat, delimiter: str, strict: bool = True
) -> TextTable:
    """The inputs and targets in the content of a file, and how it was understood.

    Args:
        path: of the file, for messages.
        content: of the file.
        text: how it is understood.
        delimiter: between the columns.
        strict: whether to refuse what may be a header or an index, and is not stated.

    Raises:
        ConfigError: it is empty, ragged or not numeric, or has not the columns that are named.
    """
    rows = rows_of(path, content, delimiter)
    try:
        return _read(path, rows, text, delimiter, strict)
    except MisreadError as error:
        hint = reading_hint(path, content, text, delimiter)
        if error.advice and (error.certain or OTHERWISE not in hint):
            hint = error.advice
        raise ConfigError(_KEY, path, f"a table {error}; {hint}") from None


def _read(path: Path, rows: list[Row], text: TextFormat, delimiter: str, strict: bool) -> TextTable:
    import numpy as np

    names = header_of(rows, text, strict)
    if names is not None:
        rows = rows[1:]
    if not rows:
        raise ConfigError(_KEY, path, "a table with at least one pattern (this one is empty)")
    width = len(rows[0][1])
    refuse_ragged(rows, width, delimiter)
    if strict and names is not None and len(names) != width:
        raise MisreadError(
            f"whose header names each column ({counted(len(names), 'name')} for {width} columns, "
            "as where the names of rows have none)"
        )
    if strict and text.outputs is None and text.targets is None:
        refuse_one_hot([row for _, row in rows])
    columns = Columns(path, names, width, text)
    if strict:
        columns.refuse_index()
    labelled = text.classes and len(columns.targets) == 1
    chosen = [*columns.inputs, *([] if labelled else columns.targets)]
    headless = names is None and text.header is None
    refuse_cells(rows, chosen, columns, text, headless)
    lines = tuple(line for line, _ in rows)
    values = np.array([[float(pointed(row[one], text)) for one in chosen] for _, row in rows])
    inputs, targets = values[:, : len(columns.inputs)], values[:, len(columns.inputs) :]
    classes: tuple[str, ...] = ()
    if labelled:
        labels = [row[columns.targets[0]] for _, row in rows]
        targets, classes = one_hot(_KEY, path, labels, lines, columns.name(columns.targets[0]))
    sets = tuple(row[columns.split[0]] for _, row in rows) if columns.split else None
    how = "a header" if names is not None else "no header"
    decimal = ", decimal commas" if text.decimal == "comma" else ""
    word = word_of(delimiter)
    understood = f"{columns.described()}; {how}, delimiter {word}{decimal}"
    return TextTable(inputs, targets, classes, sets, understood, lines)
