"""The rows of a table of text: cells between delimiters, a header, and what is a number."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.errors import ConfigError
from xorlab.networks.tasks.table_columns import MOST_NAMED

if TYPE_CHECKING:
    from xorlab.networks.tasks.table_text import TextFormat

MAX_PATTERNS = 100_000
MAX_COLUMNS = 1024  # inputs, and targets
# By the names that need no quotes on a command line.
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": " ", "bar": "|"}
DECIMALS = ("point", "comma")

_KEY = "task.path"

Row = tuple[int, list[str]]


def rows_of(path: Path, content: bytes, delimiter: str) -> list[Row]:
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
    except UnicodeDecodeError as error:
        byte = error.object[error.start]  # of the content without the mark of UTF-8
        line = error.object.count(b"\n", 0, error.start) + 1
        where = f"line {line} has the byte {byte:#04x}"
        raise ConfigError(
            _KEY,
            path,
            f"a CSV file of numbers in UTF-8 ({where}, which is of another encoding); save it as "
            "UTF-8",
        ) from error
    except csv.Error as error:
        raise ConfigError(_KEY, path, f"a CSV file of numbers in UTF-8 ({error})") from error
    return rows


def header_of(rows: Sequence[Row], text: TextFormat, strict: bool) -> list[str] | None:
    """The names of the columns; None without a header."""
    if not rows:
        return None
    first = [cell.strip() for cell in rows[0][1]]
    header = text.header
    if header is None:
        header = not any(is_number(cell, text) for cell in first)
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


def pointed(cell: str, text: TextFormat) -> str:
    """A number as Python reads it, with a decimal point."""
    return cell.replace(",", ".") if text.decimal == "comma" else cell


def is_number(cell: str, text: TextFormat) -> bool:
    """Whether a cell holds a number, with the decimal mark of the table."""
    try:
        float(pointed(cell, text))
    except ValueError:
        return False
    return True


def word_of(delimiter: str) -> str:
    """The name of a delimiter, as keys have it."""
    return next(name for name, mark in DELIMITERS.items() if mark == delimiter)
