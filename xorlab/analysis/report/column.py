"""A column of the table of settings, and the runs that it is computed from."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

ALWAYS = math.inf


@dataclass(frozen=True)
class Column:
    """A column of the table of settings.

    Attributes:
        title: its header.
        values: one per setting, in the order of `GroupedRuns.statistics`.
        text: the function that writes a value into its cell.
        meaning: what it says, for a reader who does not know the term; empty if it is plain.
        priority: on a terminal that is too narrow for the table, columns with the lowest priority
            are left out first, and those with `ALWAYS` never.
    """

    title: str
    values: Collection[Any]
    text: Callable[[Any], str] = str
    priority: float = 0
    meaning: str = ""

    def cells(self) -> list[str]:
        """The values as text."""
        return [self.text(value) for value in self.values]

    def reordered(self, order: Sequence[int]) -> Column:
        """The column with its values in another order."""
        values = list(self.values)
        return replace(self, values=[values[n] for n in order])


@dataclass(frozen=True)
class GroupedRuns:
    """Runs with the settings that they belong to.

    Attributes:
        runs: from `xorlab.load_runs`, those that have an outcome.
        by: the columns that make a setting.
        keys: of a configuration; those that ``runs`` have are columns.
        statistics: from `xorlab.convergence`, a row per setting.
        sequential: confidence of the intervals of the rates, where these are valid at any number
            of looks; None for Wilson's, for a number of seeds fixed in advance.
        in_evaluations: ``statistics`` in evaluations, where these compare the settings; None where
            epochs do.
    """

    runs: pd.DataFrame
    by: Sequence[str]
    keys: Sequence[str]
    statistics: pd.DataFrame
    sequential: float | None = None
    in_evaluations: pd.DataFrame | None = None

    @property
    def costs(self) -> pd.DataFrame:
        """The statistics in the time that compares the settings."""
        return self.statistics if self.in_evaluations is None else self.in_evaluations

    def column(self, name: str) -> Any:
        """A column of ``runs`` grouped by setting (a pandas ``SeriesGroupBy``).

        The groups have the order of ``statistics``, so that ``column("accuracy").median()`` has
        the values of a `Column`.
        """
        groups = self.runs.groupby(list(self.by), dropna=False, sort=True, observed=True)
        return groups[name]


def whole(value: float) -> str:
    """A count or a number of epochs without decimals; a dash where it is undefined."""
    if math.isnan(value):
        return "-"
    return "infinite" if math.isinf(value) else f"{value:,.0f}"
