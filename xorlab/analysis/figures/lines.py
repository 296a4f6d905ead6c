"""The lines of a figure, one for each value of a key, with colour, style and label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from xorlab.analysis.figures.style import COLOURS, STYLES
from xorlab.analysis.labels import SETTING, group_label


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


def keyed(runs: pd.DataFrame, by: str | None) -> tuple[pd.DataFrame, str]:
    """The runs, and the key whose values the lines show: one line for all runs if it is None."""
    if by is not None:
        return runs, by
    return runs.assign(**{SETTING: "all runs"}), SETTING


def lines_of(runs: pd.DataFrame, by: str) -> Iterator[Line]:
    """A line for each value of a key, ascending; the last for runs in which it is missing."""
    for n, (value, own) in enumerate(runs.groupby(by, dropna=False, observed=True)):
        label = group_label(by, value, len(own))
        # The ninth line has the colour of the first, and other dashes.
        style = STYLES[(n + n // len(COLOURS)) % len(STYLES)]
        yield Line(own, label, COLOURS[n % len(COLOURS)], style)
