"""The lines of a figure, one for each value of a key, with colour, style and label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from xorlab.analysis.column_names import SETTING
from xorlab.analysis.figures.style import COLOURS, STYLES
from xorlab.analysis.labels import group_label, setting_label
from xorlab.analysis.statistics.tables import WithRuns, table_of
from xorlab.analysis.statistics.times import refuse_unknown

# One column, several, or none: a line for each of its values, each setting, or one for all runs.
Keys = str | Sequence[str] | None


@dataclass(frozen=True)
class Line:
    """One line of a figure.

    Attributes:
        runs: those with one value of the key.
        label: that value, and the number of these runs.
        colour: of the line and its band.
        style: dashes, to distinguish lines without colour.
    """

    runs: pd.DataFrame
    label: str
    colour: str
    style: str


def keyed(runs: pd.DataFrame | WithRuns, by: Keys) -> tuple[pd.DataFrame, str]:
    """The runs, and the column whose values the lines show.

    Args:
        runs: from `xorlab.load_runs`.
        by: the key, or several that make a setting; None for one line of all runs.

    Raises:
        ValueError: the table is empty, or lacks the column.
    """
    runs = table_of(runs)
    if runs.empty:
        raise ValueError("runs: the table is empty: does a filter match none?")
    if by is None:
        return runs.assign(**{SETTING: "all runs"}), SETTING
    names = [by] if isinstance(by, str) else list(by)
    refuse_unknown(runs, names, "by")
    if len(names) == 1:
        return runs, names[0]
    settings = runs[names].drop_duplicates().sort_values(names, ignore_index=True)
    labels = [setting_label(row, names) for row in settings.to_dict("records")]
    label = runs[names].merge(settings.assign(**{SETTING: labels}), "left", names)[SETTING]
    ordered = pd.Categorical(label, categories=list(dict.fromkeys(labels)), ordered=True)
    return runs.assign(**{SETTING: ordered}), SETTING


def lines_of(runs: pd.DataFrame, by: str) -> Iterator[Line]:
    """A line for each value of a key, ascending; the last for runs in which it is missing."""
    for n, (value, own) in enumerate(runs.groupby(by, dropna=False, observed=True)):
        label = group_label(by, value, len(own))
        # The ninth line has the colour of the first, and other dashes.
        style = STYLES[(n + n // len(COLOURS)) % len(STYLES)]
        yield Line(own, label, COLOURS[n % len(COLOURS)], style)
