"""The lines of a figure: one for every value of a key, told apart by colour, style and label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from xorlab.analysis.figures.style import COLOURS, STYLES
from xorlab.analysis.labels import group_label


@dataclass(frozen=True)
class Line:
    """What belongs to one value of a key.

    Attributes:
        runs: those that have it.
        label: the value and the number of its runs.
        colour: of the line and its band.
        style: a second way to tell lines apart.
    """

    runs: pd.DataFrame
    label: str
    colour: str
    style: str


def lines_of(runs: pd.DataFrame, by: str) -> Iterator[Line]:
    """A line for every value of a key, ascending; the last for runs in which it is missing."""
    for number, (value, own) in enumerate(runs.groupby(by, dropna=False, observed=True)):
        label = group_label(by, value, len(own))
        yield Line(own, label, COLOURS[number % len(COLOURS)], STYLES[number % len(STYLES)])
