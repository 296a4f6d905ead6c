"""Rows that are to be inserted into the tables of a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Value = str | int | float | None
Row = tuple[Any, ...]

RUN_ID = "run_uuid"  # MLflow's column of a run's id, in all tables


@dataclass(frozen=True)
class NewRows:
    """Rows of runs for a table, which can be iterated once.

    Attributes:
        table: its name.
        columns: their names, of which one is `RUN_ID`.
        rows: a value for each column.
    """

    table: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Value]]

    def without(self, run_ids: Collection[str]) -> Iterator[Sequence[Value]]:
        """The rows, but for those of some runs."""
        own = self.columns.index(RUN_ID)
        return (row for row in self.rows if row[own] not in run_ids)
