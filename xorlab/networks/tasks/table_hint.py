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
    alone = _keys_of_numbers(path, content, text, delimiter)
    hints = [f"to learn from the columns of numbers alone: {alone}"] * bool(alone)
    class_column = _class_among_inputs(path, content, text, delimiter)
    if class_column is not None:
        keys = [f"task.targets={class_column + 1}", *["task.classes=true"] * (not text.classes)]
        hints.insert(0, f"to learn the classes of column {class_column + 1}: {' '.join(keys)}")
    return "; ".join(hints) or unhelpful


def _keys_of_numbers(path: Path, content: bytes, text: TextFormat, delimiter: str) -> str:
    """The keys that leave columns of text out of the inputs; empty if something else is wrong."""
    table = _first_rows(path, content, text, delimiter)
    if table is None or text.inputs is not None:
        return ""
    columns, cells = table
    counts = [sum(is_number(row[n], text) for row in cells) for n in range(len(cells[0]))]
    inputs = [one for one in columns.inputs if counts[one]]
    named = _is_named(columns, cells, text)
    readable = text.classes or named or all(counts[one] == len(cells) for one in columns.targets)
    whole = all(counts[one] == len(cells) for one in inputs)  # else a cell is wrong, not a column
    if not (inputs and whole and readable) or inputs == columns.inputs:
        return ""
    keys = ["task.classes=true"] * (named and not text.classes)
    return " ".join([f"task.inputs=[{','.join(str(one + 1) for one in inputs)}]", *keys])


def _class_among_inputs(path: Path, content: bytes, text: TextFormat, delimiter: str) -> int | None:
    """The only column of text, where it may be the class; None where it is stated, or last."""
    table = _first_rows(path, content, text, delimiter)
    if table is None or text.targets is not None or text.inputs is not None:
        return None
    columns, cells = table
    counts = [sum(is_number(row[n], text) for row in cells) for n in range(len(cells[0]))]
    named = [one for one in columns.inputs if not counts[one]]
    whole = all(count in (0, len(cells)) for count in counts)
    if len(named) != 1 or not whole or len({row[named[0]] for row in cells}) == len(cells):
        return None  # as many names as rows are those of the rows
    return named[0] if all(counts[one] for one in columns.targets) else None


def _is_named(columns: Columns, cells: list[list[str]], text: TextFormat) -> bool:
    """Whether the only target has the names of classes, none of them a number."""
    numbers = [is_number(row[one], text) for row in cells for one in columns.targets]
    return len(columns.targets) == 1 and not any(numbers)


def _needs_classes(path: Path, content: bytes, text: TextFormat, delimiter: str) -> bool | None:
    """Whether the first rows are a table if its target is taken for a class; None if they are not.

    Names of classes are none of numbers, in every row, and the only target.
    """
    table = _first_rows(path, content, text, delimiter)
    if table is None:
        return None
    columns, cells = table
    if not all(is_number(row[one], text) for row in cells for one in columns.inputs):
        return None
    numbers = [is_number(row[one], text) for row in cells for one in columns.targets]
    named = _is_named(columns, cells, text)
    if not (text.classes or named or all(numbers)):
        return None
    return named and not text.classes


def _first_rows(
    path: Path, content: bytes, text: TextFormat, delimiter: str
) -> tuple[Columns, list[list[str]]] | None:
    """The columns and some cells, row by row; None where they do not make a table."""
    try:
        rows = rows_of(path, content, delimiter)[: MOST_NAMED + 1]
        names = header_of(rows, text, strict=False)
        cells = [row for _, row in rows[names is not None :]]
        columns = Columns(path, names, len(cells[0]), text)
    except (ConfigError, MisreadError, IndexError):
        return None
    if {len(row) for row in cells} | {len(names or cells[0])} != {len(cells[0])}:
        return None
    return columns, cells
