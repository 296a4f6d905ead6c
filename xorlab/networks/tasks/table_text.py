"""Tables as text: delimiter, header, decimal mark and columns, stated and never guessed silently.

Three things follow from the file where no key states them: the delimiter from the end of its name,
a header from a first row without a number, and the targets as the last columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.errors import ConfigError
from xorlab.networks.tasks.classes import one_hot
from xorlab.networks.tasks.one_hot import refuse_one_hot
from xorlab.networks.tasks.table_columns import MOST_NAMED, Columns, MisreadError, MissingError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MAX_PATTERNS = 100_000
MAX_COLUMNS = 1024  # inputs, and targets

_KEY = "task.path"
# By the names that need no quotes on a command line.
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": " ", "bar": "|"}
DECIMALS = ("point", "comma")
_MISSING = {"", "na", "n/a", "?", "null", "none"}  # what stands for a value that is not known
_OTHERWISE = "the file reads well with"

Row = tuple[int, list[str]]


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
    rows = _rows(path, content, delimiter)
    try:
        return _read(path, rows, text, delimiter, strict)
    except MisreadError as error:
        hint = _hint(path, content, text, delimiter)
        if isinstance(error, MissingError) and _OTHERWISE not in hint:
            hint = "a value is missing: remove the row, or fill the value in"
        raise ConfigError(_KEY, path, f"a table {error}; {hint}") from None


def _read(path: Path, rows: list[Row], text: TextFormat, delimiter: str, strict: bool) -> TextTable:
    import numpy as np

    names = _header(rows, text, strict)
    if names is not None:
        rows = rows[1:]
    if not rows:
        raise ConfigError(_KEY, path, "a table with at least one pattern (this one is empty)")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise MisreadError(f"with {width} columns in every row (line {line} has {len(row)})")
    if strict and names is not None and len(names) != width:
        raise MisreadError(
            f"whose header names each column (there are {len(names)} names for {width} columns, "
            "as where the names of rows have none)"
        )
    if strict and text.outputs is None and text.targets is None:
        refuse_one_hot([row for _, row in rows])
    columns = Columns(path, names, width, text)
    if strict:
        columns.refuse_index()
    labelled = text.classes and len(columns.targets) == 1
    chosen = [*columns.inputs, *([] if labelled else columns.targets)]
    for line, row in rows:
        for index in chosen:
            if not _is_number(row[index], text):
                first = names is None and text.header is None and line == rows[0][0]
                missing = row[index].strip().lower() in _MISSING
                kind = MissingError if missing else MisreadError
                raise kind(
                    f"of numbers (line {line}, column {index + 1} is {row[index][:80]!r}"
                    f"{'; task.header=true if this line names the columns' * first}"
                    f"{'; task.classes=true if it is a class' * (columns.targets == [index])})"
                )
    lines = tuple(line for line, _ in rows)
    values = np.array([[float(_pointed(row[one], text)) for one in chosen] for _, row in rows])
    inputs, targets = values[:, : len(columns.inputs)], values[:, len(columns.inputs) :]
    classes: tuple[str, ...] = ()
    if labelled:
        labels = [row[columns.targets[0]] for _, row in rows]
        targets, classes = one_hot("task.classes", text.classes, labels, lines)
    sets = tuple(row[columns.split[0]] for _, row in rows) if columns.split else None
    how = "a header" if names is not None else "no header"
    decimal = ", decimal commas" if text.decimal == "comma" else ""
    word = _word(delimiter)
    understood = f"{columns.described()}; {how}, delimiter {word}{decimal}"
    return TextTable(inputs, targets, classes, sets, understood, lines)


def _rows(path: Path, content: bytes, delimiter: str) -> list[Row]:
    """The rows that are not empty, each with the number of its line."""
    rows: list[Row] = []
    try:
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        reader = csv.reader(text, delimiter=delimiter, skipinitialspace=delimiter == " ")
        for row in reader:
            if delimiter == " ":
                row = row[: len(row) - (row[-1:] == [""])]  # blanks at its end
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, row))
            if len(rows) > MAX_PATTERNS + 1:  # one of them may be a header
                raise ConfigError(
                    _KEY, path, f"a table with at most {MAX_PATTERNS} patterns (this one has more)"
                )
            if len(row) > 2 * MAX_COLUMNS:
                raise ConfigError(
                    _KEY,
                    path,
                    f"a table with at most {2 * MAX_COLUMNS} columns (this one has {len(row)})",
                )
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(_KEY, path, f"a CSV file of numbers in UTF-8 ({error})") from error
    return rows


def _header(rows: Sequence[Row], text: TextFormat, strict: bool) -> list[str] | None:
    """The names of the columns; None without a header."""
    if not rows:
        return None
    first = [cell.strip() for cell in rows[0][1]]
    header = text.header
    if header is None:
        header = not any(_is_number(cell, text) for cell in first)
        counted = [str(number) for number in range(len(first))]
        if strict and len(first) > 2 and first == counted:
            raise ConfigError(
                "task.header",
                None,
                f"given where the first row is {','.join(first[:MOST_NAMED])}: task.header=true "
                "if it names the columns, task.header=false if it is a pattern",
            )
    if not header:
        return None
    return [first[0].lstrip("# "), *first[1:]]  # as numpy.savetxt writes it


def _pointed(cell: str, text: TextFormat) -> str:
    return cell.replace(",", ".") if text.decimal == "comma" else cell


def _is_number(cell: str, text: TextFormat) -> bool:
    try:
        float(_pointed(cell, text))
    except ValueError:
        return False
    return True


def _word(delimiter: str) -> str:
    return next(name for name, mark in DELIMITERS.items() if mark == delimiter)


def _hint(path: Path, content: bytes, text: TextFormat, delimiter: str) -> str:
    """How the delimiter was understood, and the keys with which the file would be a table."""
    taken = f"the delimiter is taken to be a {_word(delimiter)}"
    for name, mark in DELIMITERS.items():
        for decimal in DECIMALS:
            try:
                rows = _rows(path, content, mark)[:MOST_NAMED]
            except ConfigError:
                continue
            other = TextFormat(decimal=decimal)
            cells = [cell for _, row in rows[len(rows) > 1 :] for cell in row]
            widths = {len(row) for _, row in rows}
            if len(widths) == 1 and max(widths) > 1 and all(_is_number(c, other) for c in cells):
                keys = [f"task.delimiter={name}"] * (mark != delimiter)
                keys += ["task.decimal=comma"] * (decimal == "comma")
                if keys:
                    return f"{taken}; {_OTHERWISE} {' '.join(keys)}"
    return f"{taken}, see task.delimiter"
