"""Settings below one another, each with an estimate and its interval."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.counts import counted
from xorlab.analysis.figures.picture import WIDTH
from xorlab.analysis.figures.style import COLOURS, counts, cut, epochs_axis, new_axes
from xorlab.analysis.labels import short

MOST_ROWS = 30
_LETTER = 4.6  # points, the width of a letter in a label
_GAP = 9.0  # points between two columns of labels
_MOST_LABEL = 200.0  # points for all labels of a row
_OTHERS, _FIRST = "#8a8a8a", COLOURS[0]


def success_bars(
    statistics: pd.DataFrame,
    by: Sequence[str],
    ax: Axes | None = None,
    best: Collection[int] = (),
) -> Axes:
    """Success rate of each setting with its Wilson interval.

    Args:
        statistics: from `xorlab.convergence`. Of more than 30 settings the cheapest are shown.
        by: the columns that make a setting.
        ax: where to draw; None for a new figure.
        best: numbers of the rows that are drawn in colour; none for all of them.
    """
    values = 100 * statistics[["rate", "rate_low", "rate_high"]].to_numpy(float)
    ax, rows = _forest(statistics, by, values, best, ax)
    ax.set_xlim(-2, 102)
    ax.set_xlabel("runs solved / %, with 95 % Wilson interval")
    _title(ax, f"Success rate (n = {counts(statistics)} per setting)", rows, statistics)
    return ax


def cost_bars(
    statistics: pd.DataFrame,
    by: Sequence[str],
    ax: Axes | None = None,
    best: Collection[int] = (),
) -> Axes:
    """Expected epochs per success with restarts at the best cutoff, of each setting.

    Args:
        statistics: from `xorlab.convergence`. Of more than 30 settings the cheapest are shown.
        by: the columns that make a setting.
        ax: where to draw; None for a new figure.
        best: numbers of the rows that are drawn in colour; none for all of them.
    """
    names = ["ert_cutoff", "ert_cutoff_low", "ert_cutoff_high"]
    ax, rows = _forest(statistics, by, statistics[names].to_numpy(float), best, ax)
    epochs_axis(ax, "")
    ax.set_xlabel("epochs per success, with 95 % interval")
    _title(ax, f"Cost of a success (n = {counts(statistics)} per setting)", rows, statistics)
    return ax


def _title(ax: Axes, title: str, rows: int, statistics: pd.DataFrame) -> None:
    if rows < len(statistics):
        title += f"\nthe {rows} cheapest of {counted(len(statistics), 'setting')}"
    ax.set_title(title)


def _forest(
    statistics: pd.DataFrame,
    by: Sequence[str],
    values: npt.NDArray[np.float64],
    best: Collection[int],
    ax: Axes | None,
) -> tuple[Axes, int]:
    """Draw estimates (N, 3) with their intervals; the Axes, and how many rows there are."""
    shown = _shown(statistics)
    ax = ax or new_axes(WIDTH, 0.95 + 0.235 * max(len(shown), 3))
    y = np.arange(len(shown))[::-1]
    middle, low, high = values[shown].T
    chosen = np.isin(shown, list(best)) if best else np.ones(len(shown), bool)
    finite = np.isfinite(middle)
    for some, colour in ((chosen, _FIRST), (~chosen, _OTHERS)):
        drawn = some & finite
        ends = np.where(np.isfinite(high), high, middle)
        begins = np.where(np.isfinite(low), low, middle)
        ax.hlines(y[drawn], begins[drawn], ends[drawn], color=colour, lw=2.4, alpha=0.55)
        ax.plot(middle[drawn], y[drawn], "o", color=colour, ms=5)
        # Nothing was solved: only a lower end is known.
        open_ended = some & ~finite & np.isfinite(low)
        ax.plot(low[open_ended], y[open_ended], ">", color=colour, ms=5, mfc="none")
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color="#808080", alpha=0.25, lw=0.6)
    ax.set_axisbelow(True)
    label_rows(ax, statistics.iloc[shown], by, y)
    return ax, len(shown)


def _shown(statistics: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Numbers of the rows to draw, in their order: of too many, those that cost least."""
    if len(statistics) <= MOST_ROWS:
        return np.arange(len(statistics))
    cost = statistics["ert_cutoff_high"].fillna(np.inf).to_numpy(float)
    return np.sort(np.argsort(cost, kind="stable")[:MOST_ROWS])


def label_rows(ax: Axes, rows: pd.DataFrame, by: Sequence[str], y: npt.NDArray[np.int64]) -> None:
    """A column of values for each key at the left of the Axes, below the key's name.

    Where a row begins with the same values as the one above it, they are not repeated.

    Args:
        ax: the Axes.
        rows: with the columns ``by``.
        by: the keys, left to right.
        y: (N,) heights of the rows, in data coordinates; the first is the highest.
    """
    names = headers(by)
    texts = [[short(value) for value in rows[name]] for name in by]
    widths = _widths(names, texts)
    x = -_GAP - sum(widths) * _LETTER - _GAP * (len(widths) - 1)
    same = np.ones(len(rows), bool)
    for name, column, width in zip(names, texts, widths, strict=True):
        _text(ax, x, len(rows) - 0.4, cut(name, width), va="bottom", color="#707070")
        before = [None, *column[:-1]]
        same &= np.array([a == b for a, b in zip(column, before, strict=True)])
        for text, height, repeated in zip(column, y, same, strict=True):
            if not (repeated and len(by) > 1):
                _text(ax, x, float(height), cut(text, width), va="center")
        x += width * _LETTER + _GAP


def _widths(names: Sequence[str], texts: Sequence[Sequence[str]]) -> list[int]:
    """Letters of each column; the widest give way until all fit."""
    widths = [max(map(len, (name, *own))) for name, own in zip(names, texts, strict=True)]
    while sum(widths) * _LETTER + _GAP * len(widths) > _MOST_LABEL and max(widths) > 4:
        widths[widths.index(max(widths))] -= 1
    return widths


def headers(by: Sequence[str]) -> list[str]:
    """Short names of keys: their last parts, or all of it where two would be the same."""
    last = [name.rpartition(".")[2] for name in by]
    return [own if last.count(own) == 1 else name for own, name in zip(last, by, strict=True)]


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


def effects(tables: Mapping[str, pd.DataFrame], ax: Sequence[Axes]) -> None:
    """The success rate by each key alone, one panel for each.

    Args:
        tables: from `xorlab.convergence`, by one key each, under the name of the key.
        ax: as many Axes as keys.
    """
    for panel, (name, table) in zip(ax, tables.items(), strict=False):
        values = 100 * table[["rate", "rate_low", "rate_high"]].to_numpy(float)
        x = np.arange(len(table))
        panel.vlines(x, values[:, 1], values[:, 2], color=_FIRST, lw=2.4, alpha=0.55)
        panel.plot(x, values[:, 0], "o-", color=_FIRST, ms=4.5, lw=0.8)
        every = -(-len(table) // 6)
        labels = [cut(short(value), 9) for value in table[name]]
        crowded = sum(map(len, labels[::every])) > 16
        panel.set_xticks(
            x[::every],
            labels[::every],
            rotation=35 if crowded else 0,
            ha="right" if crowded else "center",
            rotation_mode="anchor",
        )
        panel.set_xlim(-0.5, len(table) - 0.5)
        panel.set_ylim(-3, 103)
        panel.set_title(cut(name, 24), fontsize=8, weight="normal")
        panel.tick_params(labelsize=7.5)
        panel.grid(axis="y", color="#808080", alpha=0.25, lw=0.6)
