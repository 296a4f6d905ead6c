"""Settings below one another, each with an estimate and its interval."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.log_axes import epochs_axis
from xorlab.analysis.figures.picture import WIDTH
from xorlab.analysis.figures.style import COLOURS, counts, cut, new_axes
from xorlab.analysis.labels import headers, short
from xorlab.analysis.statistics.clock import clock_in
from xorlab.analysis.statistics.times import refuse_unknown
from xorlab.analysis.statistics.winner import LEAST_FOR_INTERVAL

MOST_ROWS = 30
INTERVAL = "interval"  # attribute of a table of settings: what the interval of the rate is
_WILSON = "95 % Wilson interval"
_LETTER = 4.6  # points, the width of a letter in a label
_BOLD = 5.4  # points, of a letter in a title
_GAP = 9.0  # points between two columns of labels
_LONGEST_NAME = 14  # letters of a name that is turned
_PAD = 6.0  # points between the Axes and their title
_RISE = 0.64  # of a name that is turned by 40 degrees, relative to its length
_MARGIN = 12.0  # points beside the Axes
_MOST_LABEL = 225.0  # points for all labels of a row
_OTHERS, _FIRST = "#8a8a8a", COLOURS[0]


def success_bars(
    statistics: pd.DataFrame,
    by: Sequence[str],
    ax: Axes | None = None,
    best: Collection[int] | None = None,
) -> Axes:
    """Success rate of each setting with its interval.

    Args:
        statistics: from `xorlab.convergence`. Of more than 30 settings the cheapest are shown.
            Its attribute ``interval``, if it has one, says what the interval is.
        by: the columns that make a setting.
        ax: where to draw; None for a new figure.
        best: numbers of the rows that are drawn in colour; None for all of them.

    Raises:
        ValueError: a column is missing: runs are not such a table.
    """
    refuse_unknown(statistics, [*by, "rate"], "statistics (from xorlab.convergence)")
    values = 100 * statistics[["rate", "rate_low", "rate_high"]].to_numpy(float)
    ax, rows, labels = _forest(statistics, by, values, best, ax)
    ax.set_xlim(-2, 102)
    interval = statistics.attrs.get(INTERVAL, _WILSON)
    title = f"Success rate (n = {counts(statistics)} per setting)"
    labels.name(ax, _of(title, rows, statistics), f"runs solved / %, with {interval}")
    return ax


def cost_bars(
    statistics: pd.DataFrame,
    by: Sequence[str],
    ax: Axes | None = None,
    best: Collection[int] | None = None,
) -> Axes:
    """Epochs per success, restarts at the best cutoff included, of each setting.

    A hollow dot has no interval, because one run was solved; a triangle is the lower end of the
    interval where none was.

    Args:
        statistics: from `xorlab.convergence`, in epochs or in evaluations. Of more than 30 settings
            the cheapest are shown.
        by: the columns that make a setting.
        ax: where to draw; None for a new figure.
        best: numbers of the rows that are drawn in colour; None for all of them.
    """
    names = ["ert_cutoff", "ert_cutoff_low", "ert_cutoff_high"]
    values = statistics[names].to_numpy(float, copy=True)
    once = np.isfinite(values[:, 0]) & (statistics["solved"] < LEAST_FOR_INTERVAL)
    values[once, 1:] = np.nan
    ax, rows, labels = _forest(statistics, by, values, best, ax)
    epochs_axis(ax, "")
    title = f"Cost of a success (n = {counts(statistics)} per setting)"
    cost = f"{clock_in(statistics)} per success, with 95 % interval"
    labels.name(ax, _of(title, rows, statistics), cost)
    return ax


class Labels(NamedTuple):
    """The labels at the left of some Axes, from `label_rows`.

    Attributes:
        width: of all columns, in points.
        pad: points to leave between the Axes and their title.
        turned: whether the names above the columns are turned, for want of room.
    """

    width: float
    pad: float
    turned: bool

    @property
    def room(self) -> float:
        """Points that are left for the Axes in a figure of a page."""
        return 72 * WIDTH - self.width - _MARGIN

    def name(self, ax: Axes, title: str, xlabel: str) -> None:
        """Give the Axes their title and the label below.

        Axes beside wide labels are narrower than their title, which is then broken before its
        bracket, and ends where they do if that is not enough. So does a wide label below.
        """
        if not self.turned and _BOLD * len(title.partition("\n")[0]) > self.room:
            title = title.replace(" (", "\n(", 1)
        wide = self.turned or _BOLD * max(map(len, title.split("\n"))) > self.room
        ax.set_title(title, pad=self.pad, loc="right" if wide else None)
        ax.set_xlabel(xlabel, loc="right" if _LETTER * len(xlabel) > self.room else "center")


def _of(title: str, rows: int, statistics: pd.DataFrame) -> str:
    """The title, with how many of the settings are shown."""
    every = rows == len(statistics)
    return title if every else f"{title}\nthe {rows} cheapest of {len(statistics):,} settings"


def _forest(
    statistics: pd.DataFrame,
    by: Sequence[str],
    values: npt.NDArray[np.float64],
    best: Collection[int] | None,
    ax: Axes | None,
) -> tuple[Axes, int, Labels]:
    """Draw estimates (N, 3) with their intervals; the Axes, the number of rows, `label_rows`.

    An estimate with an unknown interval is a hollow dot.
    """
    shown = shown_rows(statistics)
    ax = ax or new_axes(WIDTH, 0.95 + 0.235 * max(len(shown), 3))
    y = np.arange(len(shown))[::-1]
    middle, low, high = values[shown].T
    chosen = np.ones(len(shown), bool) if best is None else np.isin(shown, list(best))
    finite, known = np.isfinite(middle), np.isfinite(low) & np.isfinite(high)
    for some, colour in ((chosen, _FIRST), (~chosen, _OTHERS)):
        drawn, hollow = some & finite & known, some & finite & ~known
        ax.hlines(y[drawn], low[drawn], high[drawn], color=colour, lw=2.4, alpha=0.55)
        ax.plot(middle[drawn], y[drawn], "o", color=colour, ms=5)
        ax.plot(middle[hollow], y[hollow], "o", color=colour, ms=5, mfc="none")
        # Nothing was solved: only a lower end is known.
        open_ended = some & ~finite & np.isfinite(low)
        ax.plot(low[open_ended], y[open_ended], ">", color=colour, ms=5, mfc="none")
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color="#808080", alpha=0.25, lw=0.6)
    ax.set_axisbelow(True)
    return ax, len(shown), label_rows(ax, statistics.iloc[shown], by, y)


def shown_rows(statistics: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Numbers of the rows to draw, in their order: of too many, those that cost least."""
    if len(statistics) <= MOST_ROWS:
        return np.arange(len(statistics))
    cost = statistics["ert_cutoff_high"].fillna(np.inf).to_numpy(float)
    return np.sort(np.argsort(cost, kind="stable")[:MOST_ROWS])


def label_rows(ax: Axes, rows: pd.DataFrame, by: Sequence[str], y: npt.NDArray[np.int64]) -> Labels:
    """A column of values for each key at the left of the Axes, below the key's name.

    Where a row begins with the same values as the one above it, they are not repeated.

    Args:
        ax: the Axes.
        rows: with the columns ``by``.
        by: the keys, left to right.
        y: (N,) heights of the rows, in data coordinates; the first is the highest.

    Raises:
        ValueError: ``rows`` is empty.
    """
    if rows.empty:
        raise ValueError("the table is empty: it has no setting to draw")
    names = headers(by)
    texts = [[short(value) for value in rows[name]] for name in by]
    widths, turned = _widths(names, texts)
    x = -_GAP - sum(widths) * _LETTER - _GAP * (len(widths) - 1)
    same = np.ones(len(rows), bool)
    for name, column, width in zip(names, texts, widths, strict=True):
        how = {"rotation": 40, "rotation_mode": "anchor"} if turned else {}
        shown = cut(name, _LONGEST_NAME if turned else width)
        _text(ax, x, len(rows) - 0.4, shown, va="bottom", color="#808080", **how)
        before = [None, *column[:-1]]
        same &= np.array([a == b for a, b in zip(column, before, strict=True)])
        for text, height, repeated in zip(column, y, same, strict=True):
            if not (repeated and len(by) > 1):
                _text(ax, x, float(height), cut(text, width), va="center")
        x += width * _LETTER + _GAP
    longest = max(min(len(name), _LONGEST_NAME) for name in names)
    pad = _PAD + (_RISE * _LETTER * longest + 8.0 if turned else 0.0)
    return Labels(_points(widths), pad, turned)


def _widths(names: Sequence[str], texts: Sequence[Sequence[str]]) -> tuple[list[int], bool]:
    """Letters of each column, and whether the names above them have to be turned.

    Where there is too little room the names are turned; if that does not do, the widest columns
    are cut.
    """
    values = [max(map(len, own)) for own in texts]
    straight = [max(width, len(name)) for width, name in zip(values, names, strict=True)]
    if _points(straight) <= _MOST_LABEL:
        return straight, False
    while _points(values) > _MOST_LABEL and max(values) > 4:
        values[values.index(max(values))] -= 1
    return values, True


def _points(widths: Sequence[int]) -> float:
    return sum(widths) * _LETTER + _GAP * len(widths)


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.annotate(
        text,
        xy=(0, y),
        xycoords=("axes fraction", "data"),
        xytext=(x, 0),
        textcoords="offset points",
        ha="left",
        fontsize=8,
        annotation_clip=False,
        **how,
    )
