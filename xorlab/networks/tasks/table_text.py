"""Tables as text: delimiter, header, decimal mark and columns, stated and never guessed silently.

Three things follow from the file where no key states them: the delimiter from the end of its name,
a header from a first row without a number, and the targets as the last columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.errors import ConfigError
from xorlab.networks.tasks.one_hot import refuse_one_hot

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
_MOST_NAMED = 12  # columns in a message
_INDEX = re.compile(r"|Unnamed: \d+")  # what pandas calls the column of an index

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
    """

    outputs: int | None = None
    header: bool | None = None
    delimiter: str | None = None
    decimal: str | None = None
    inputs: Any = None
    targets: Any = None


class _MisreadError(Exception):
    """What is wrong with a table, perhaps because another delimiter was meant."""


def read_text(
    path: Path, content: bytes, text: TextFormat, delimiter: str, strict: bool = True
) -> tuple[Floats, Floats, str]:
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
    except _MisreadError as error:
        hint = _hint(path, content, text, delimiter)
        raise ConfigError(_KEY, path, f"a table {error}; {hint}") from None


def _read(
    path: Path, rows: list[Row], text: TextFormat, delimiter: str, strict: bool
) -> tuple[Floats, Floats, str]:
    import numpy as np

    names = _header(rows, text, strict)
    if names is not None:
        rows = rows[1:]
    if not rows:
        raise ConfigError(_KEY, path, "a table with at least one pattern (this one is empty)")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise _MisreadError(f"with {width} columns in every row (line {line} has {len(row)})")
    if strict and names is not None and len(names) != width:
        raise _MisreadError(
            f"whose header names each column (there are {len(names)} names for {width} columns, "
            "as where the names of rows have none)"
        )
    if strict and text.outputs is None and text.targets is None:
        refuse_one_hot([row for _, row in rows])
    columns = _Columns(path, names, width, text)
    if strict:
        columns.refuse_index()
    chosen = [*columns.inputs, *columns.targets]
    for line, row in rows:
        for index in chosen:
            if not _is_number(row[index], text):
                first = names is None and text.header is None and line == rows[0][0]
                raise _MisreadError(
                    f"of numbers (line {line}, column {index + 1} is {row[index][:80]!r}"
                    f"{'; task.header=true if this line names the columns' * first})"
                )
    values = np.array([[float(_pointed(row[one], text)) for one in chosen] for _, row in rows])
    inputs, targets = values[:, : len(columns.inputs)], values[:, len(columns.inputs) :]
    how = "a header" if names is not None else "no header"
    decimal = ", decimal commas" if text.decimal == "comma" else ""
    word = _word(delimiter)
    return inputs, targets, f"{columns.described()}; {how}, delimiter {word}{decimal}"


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
                f"given where the first row is {','.join(first[:_MOST_NAMED])}: task.header=true "
                "if it names the columns, task.header=false if it is a pattern",
            )
    if not header:
        return None
    return [first[0].lstrip("# "), *first[1:]]  # as numpy.savetxt writes it


class _Columns:
    """Which columns are inputs and which are targets, as indices."""

    def __init__(self, path: Path, names: list[str] | None, width: int, text: TextFormat) -> None:
        self._path, self._names, self._width = path, names, width
        self.inputs = self._indices("task.inputs", text.inputs)
        self.targets = self._indices("task.targets", text.targets)
        self._stated = {*self.inputs, *self.targets}
        if text.targets is None:
            self.targets = self._last(text.outputs or 1)
        elif text.outputs not in (None, len(self.targets)):
            raise ConfigError(
                "task.outputs", text.outputs, f"left out, or {len(self.targets)} as task.targets"
            )
        if text.inputs is None:
            self.inputs = [one for one in range(width) if one not in self.targets]
            if not self.inputs:
                raise ConfigError("task.targets", text.targets, "so few that inputs are left")
        both = [one for one in self.inputs if one in self.targets]
        if both:
            name = self._name(both[0])
            raise ConfigError("task.inputs", text.inputs, f"without {name}, which is a target")

    def refuse_index(self) -> None:
        """Refuse to learn from the index of a table, unless it is stated.

        Raises:
            ConfigError: a column has no name.
        """
        for index in [*self.inputs, *self.targets]:
            if self._names is None or index in self._stated:
                continue
            if _INDEX.fullmatch(self._names[index]):
                others = ",".join(str(one + 1) for one in self.inputs if one != index)
                raise ConfigError(
                    _KEY,
                    self._path,
                    f"a table with a name for every column (column {index + 1} is named "
                    f"{self._names[index]!r}, as where an index is written with a table); state "
                    f"the columns by name or position: task.inputs=[{others}]",
                )

    def described(self) -> str:
        """Which are inputs and which are targets."""
        return f"inputs {self._listed(self.inputs)}; targets {self._listed(self.targets)}"

    def _name(self, index: int) -> str:
        return f"column {index + 1}" if self._names is None else self._names[index]

    def _listed(self, indices: Sequence[int]) -> str:
        shown = ", ".join(map(self._name, indices[:_MOST_NAMED]))
        return shown + (f" and {len(indices) - _MOST_NAMED} more" * (len(indices) > _MOST_NAMED))

    def _last(self, outputs: int) -> list[int]:
        if self._width <= outputs:
            raise _MisreadError(
                f"with more than {outputs} columns, the last {outputs} being targets (this one "
                f"has {self._width})"
            )
        return [*range(self._width)][-outputs:]

    def _indices(self, key: str, given: Any) -> list[int]:
        """Columns, each given by its name or its position, as indices."""
        names = self._names
        found: list[int] = []
        for one in [] if given is None else given if isinstance(given, list) else [given]:
            if isinstance(one, int):
                if not 1 <= one <= self._width:
                    raise ConfigError(key, one, f"from 1 to {self._width}, the number of columns")
                found.append(one - 1)
                continue
            if names is None:
                raise ConfigError(
                    key, one, "a position, counted from 1, as the table has no header"
                )
            if names.count(one) != 1:
                there = ", ".join(names[:_MOST_NAMED])
                several = " (there are several)" if one in names else ""
                raise ConfigError(key, one, f"the name of one column{several}; one of {there}")
            found.append(names.index(one))
        if len(set(found)) < len(found):
            raise ConfigError(key, given, "columns that differ")
        return found


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
                rows = _rows(path, content, mark)[:_MOST_NAMED]
            except ConfigError:
                continue
            other = TextFormat(decimal=decimal)
            cells = [cell for _, row in rows[len(rows) > 1 :] for cell in row]
            widths = {len(row) for _, row in rows}
            if len(widths) == 1 and max(widths) > 1 and all(_is_number(c, other) for c in cells):
                keys = [f"task.delimiter={name}"] * (mark != delimiter)
                keys += ["task.decimal=comma"] * (decimal == "comma")
                if keys:
                    return f"{taken}; the file reads well with {' '.join(keys)}"
    return f"{taken}, see task.delimiter"
