"""Which keys would make a table of a file that was misread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.errors import ConfigError
from xorlab.networks.tasks.table_columns import MOST_NAMED, Columns, MisreadError
from xorlab.networks.tasks.table_rows import (
    DECIMALS,
    DELIMITERS,
    header_of,
    is_number,
    rows_of,
    word_of,
)

if TYPE_CHECKING:
    from xorlab.networks.tasks.table_text import TextFormat

OTHERWISE = "the file reads well with"


def reading_hint(path: Path, content: bytes, text: TextFormat, delimiter: str) -> str:
    """How the delimiter was understood, and the keys with which the file would be a table."""
    taken = f"the delimiter is taken to be a {word_of(delimiter)}"
    unhelpful = f"{taken}, see task.delimiter"
    if _needs_classes(path, content, text, delimiter) is not None:
        return unhelpful  # another delimiter is not what is missing
    for name, mark in DELIMITERS.items():
        for decimal in DECIMALS:
            classes = _needs_classes(path, content, replace(text, decimal=decimal), mark)
            if classes is not None:
                keys = [f"task.delimiter={name}"] * (mark != delimiter)
                keys += [f"task.decimal={decimal}"] * (decimal != (text.decimal or "point"))
                return f"{taken}; {OTHERWISE} {' '.join([*keys, *['task.classes=true'] * classes])}"
    return unhelpful


def _needs_classes(path: Path, content: bytes, text: TextFormat, delimiter: str) -> bool | None:
    """Whether the first rows are a table if its target is taken for a class; None if they are not.

    Names of classes are none of numbers, in every row, and the only target.
    """
    try:
        rows = rows_of(path, content, delimiter)[: MOST_NAMED + 1]
        names = header_of(rows, text, strict=False)
        cells = [row for _, row in rows[names is not None :]]
        columns = Columns(path, names, len(cells[0]), text)
    except (ConfigError, MisreadError, IndexError):
        return None
    if {len(row) for row in cells} | {len(names or cells[0])} != {len(cells[0])}:
        return None
    if not all(is_number(row[one], text) for row in cells for one in columns.inputs):
        return None
    numbers = [is_number(row[one], text) for row in cells for one in columns.targets]
    named = len(columns.targets) == 1 and not any(numbers)
    if not (text.classes or named or all(numbers)):
        return None
    return named and not text.classes
