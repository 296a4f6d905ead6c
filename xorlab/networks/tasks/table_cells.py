"""What is wrong in a few rows of a table: how many, which, and what to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xorlab.networks.tasks.table_columns import Columns, MisreadError
from xorlab.networks.tasks.table_rows import Row, is_number

if TYPE_CHECKING:
    from xorlab.networks.tasks.table_text import TextFormat

MOST_SHOWN = 3  # cells in a message
_MISSING = {"", "na", "n/a", "?", "null", "none"}  # what stands for a value that is not known
_FILL = "a value is missing: remove the row, or fill the value in"
_QUOTE = "commas separate the columns: write decimal commas as points, or put cells in quotes"
_CORRECT = "correct these values, or remove their rows"


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its line in the file, the index of its column, and its text."""

    line: int
    index: int
    text: str

    @property
    def missing(self) -> bool:
        """Whether it says that its value is not known."""
        return self.text.strip().lower() in _MISSING


def refuse_cells(
    rows: Sequence[Row], chosen: Sequence[int], columns: Columns, text: TextFormat, headless: bool
) -> None:
    """Refuse cells that are not numbers, all of them in one message.

    Args:
        rows: of the table.
        chosen: indices of the columns that must hold numbers.
        columns: which are inputs and which are targets.
        text: how the table is understood.
        headless: whether the first row is a pattern because it has a number, and no key says so.

    Raises:
        MisreadError: there are such cells.
    """
    bad = [
        Cell(line, index, row[index])
        for line, row in rows
        for index in chosen
        if not is_number(row[index], text)
    ]
    if not bad:
        return
    shown = _some(
        f"line {one.line}, {columns.place(one.index)} is {one.text[:80]!r}" for one in bad
    )
    many = f"{len(bad):,} cells are not: " * (len(bad) > 1)
    header = headless and bad[0].line == rows[0][0]
    raise MisreadError(
        f"of numbers ({many}{shown}"
        f"{'; task.header=true if this line names the columns' * header}"
        f"{'; task.classes=true if it is a class' * (columns.targets == [bad[-1].index])})",
        *_advice(bad, rows, text, header),
    )


def refuse_ragged(rows: Sequence[Row], width: int, delimiter: str) -> None:
    """Refuse rows of another width, all of them in one message.

    Args:
        rows: of the table.
        width: columns of its first row.
        delimiter: between the columns.

    Raises:
        MisreadError: there are such rows.
    """
    ragged = [(line, len(row)) for line, row in rows if len(row) != width]
    if not ragged:
        return
    cut = delimiter == "," and all(found > width for _, found in ragged)
    advice = _QUOTE if cut and 2 * len(ragged) <= len(rows) else ""
    found = _some(f"line {line} has {found}" for line, found in ragged)
    raise MisreadError(f"with {width} columns in every row ({found})", advice)


def _some(places: Iterable[str]) -> str:
    """The first few of what a message names, and how many more there are."""
    every = list(places)
    more = f" and {len(every) - MOST_SHOWN:,} more" if len(every) > MOST_SHOWN else ""
    return ", ".join(every[:MOST_SHOWN]) + more


def _advice(
    bad: Sequence[Cell], rows: Sequence[Row], text: TextFormat, header: bool
) -> tuple[str, bool]:
    """What to do, and whether it is that however else the file might be read."""
    if all(one.missing for one in bad):
        return (_FILL if len(bad) == 1 else f"{_FILL}, in each of these rows"), False
    commas = replace(text, decimal="comma")
    marked = [one for one in bad if is_number(one.text, commas)]
    if text.decimal != "comma" and len(marked) == sum(not one.missing for one in bad):
        example = marked[0].text.strip()
        return (
            f"where the comma of {example!r} is a decimal mark, write {example.replace(',', '.')} "
            "or add task.decimal=comma (with task.delimiter=semicolon where semicolons are between "
            "the columns); where it separates thousands, leave it out",
            True,
        )
    most = {index: sum(one.index == index for one in bad) for index in {one.index for one in bad}}
    if not header and all(2 * count <= len(rows) for count in most.values()):
        return _CORRECT, False  # columns of numbers, so it was read rightly
    return "", False
