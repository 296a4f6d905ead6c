"""The table of settings that a sweep prints, has in its description, and reports."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from xorlab.analysis.counts import counted
from xorlab.analysis.labels import MISSING, short
from xorlab.analysis.report import columns as package
from xorlab.analysis.report.column import ALWAYS, Column, GroupedRuns

MOST_ROWS = 60


@dataclass(frozen=True)
class SettingsTable:
    """A row per setting.

    Attributes:
        keys: the columns that make a setting.
        statistics: the columns after them.
    """

    keys: tuple[Column, ...] = ()
    statistics: tuple[Column, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, from left to right."""
        return self.keys + self.statistics

    @property
    def header(self) -> list[str]:
        """The titles of the columns."""
        return [column.title for column in self.columns]

    def rows(self) -> list[list[str]]:
        """The cells of each setting."""
        cells = [column.cells() for column in self.columns]
        return [list(row) for row in zip(*cells, strict=True)]

    def reordered(self, order: Sequence[int]) -> SettingsTable:
        """The table with its rows in another order."""
        keys, statistics = (
            tuple(column.reordered(order) for column in some)
            for some in (self.keys, self.statistics)
        )
        return SettingsTable(keys, statistics)

    def least_needed(self) -> list[int]:
        """Numbers of the columns that may be left out, in the order in which they are."""
        optional = [n for n, column in enumerate(self.columns) if column.priority != ALWAYS]
        return sorted(optional, key=lambda n: self.columns[n].priority)

    def markdown(self, most: int = MOST_ROWS) -> str:
        """The table in Markdown, with at most so many rows."""
        header, rows = self.header, self.rows()
        lines = [_line(header), _line(["---"] * len(header)), *map(_line, rows[:most])]
        if len(rows) > most:
            left = counted(len(rows) - most, "more setting")
            lines += ["", f"and {left} in settings.parquet"]
        return "\n".join(lines)


def settings_table(data: GroupedRuns) -> SettingsTable:
    """The table with the columns of every module of `xorlab.analysis.report.columns`.

    Raises:
        ValueError: a column has too few or too many values.
    """
    keys = [_key(name, data) for name in data.by]
    found = []
    for module in _modules():
        for column in module.columns(data):
            if len(column.values) != len(data.statistics):
                raise ValueError(
                    f"{module.__name__}: column {column.title!r} has {len(column.values)} values "
                    f"for {len(data.statistics)} settings"
                )
            found.append(column)
    return SettingsTable(tuple(keys), tuple(found))


def _key(name: str, data: GroupedRuns) -> Column:
    values = data.statistics[name]
    lacks = f"{MISSING} where a setting does not have this key" if MISSING in set(values) else ""
    return Column(name, values, short, ALWAYS, lacks)


def _modules() -> list[ModuleType]:
    return sorted(_imported(), key=lambda module: (module.ORDER, module.__name__))


def _imported() -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(module.name)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
