"""Small multiples: one panel for each value of a key, all with the same axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xorlab.analysis.figures.picture import WIDTH
from xorlab.analysis.figures.style import new_figure, wrapped
from xorlab.analysis.labels import line_label

MOST_PANELS = 9
_ACROSS = 3
_OTHERS = "#9a9a9a"
_HEAD, _FOOT, _ROW = 0.6, 0.5, 1.2  # inches: above the panels, below them, and for each row
_POINTS = 60  # of a line behind those of another panel
_TITLE = 24  # characters in a line of a panel's title
_WHY = 16  # characters in a line that says why a panel has no curve

Draw = Callable[[pd.DataFrame, str, Axes], Axes]


def panels(runs: pd.DataFrame, by: str, draw: Draw, title: str) -> Figure:
    """The same figure for each value of a key; behind each one the lines of the others, in grey.

    Args:
        runs: as ``draw`` takes them.
        by: the key whose values the panels show.
        draw: the function that draws the runs of one value on one Axes, with a label for its line.
        title: of the whole.
    """
    groups = list(runs.groupby(by, dropna=False, observed=True))
    across = 2 if len(groups) == 4 else min(_ACROSS, len(groups))
    down = -(-len(groups) // across)
    height = _HEAD + _FOOT + _ROW * down
    # Every panel has the same size: no need to look for one.
    figure = new_figure(WIDTH, height, layout=None)
    figure.subplots_adjust(
        left=0.14,
        right=0.98,
        top=1 - _HEAD / height,
        bottom=_FOOT / height,
        wspace=0.2,
        hspace=0.42,
    )
    every = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    axes = list(every.ravel())
    lines: list[list[tuple[Any, Any]]] = []
    limits = []
    for ax, (_, own) in zip(axes, groups, strict=False):
        ax.set_autoscale_on(True)
        draw(own, by, ax)
        shown = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
        lines.append([_thinned(*line.get_data()) for line in shown])
        if not any(len(line.get_xdata()) for line in shown):
            why = wrapped(str(shown[0].get_label()).rpartition(": ")[2], _WHY) if shown else ""
            ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", fontsize=8)
        limits.append((*ax.get_xlim(), *ax.get_ylim()))
    labels = axes[0].get_xlabel(), axes[0].get_ylabel()
    for number, (ax, (value, _)) in enumerate(zip(axes, groups, strict=False)):
        legend = ax.get_legend()
        if legend is not None:
            legend.remove()
        for other in (line for n, some in enumerate(lines) if n != number for line in some):
            ax.plot(*other, color=_OTHERS, lw=0.7, alpha=0.7, zorder=0.5)
        ax.set_title(wrapped(line_label(by, value), _TITLE), fontsize=7.5, weight="normal")
        ax.set(xlabel="", ylabel="")
        ax.tick_params(labelsize=7.5)
    left, right, bottom, top = zip(*limits, strict=True)
    axes[0].set_xlim(min(left), max(right))
    # A panel of nothing has limits that a logarithmic axis cannot have.
    lowest = [low for low in bottom if low > 0 or axes[0].get_yscale() != "log"]
    axes[0].set_ylim(min(lowest, default=None), max(top))
    for ax in axes[len(groups) :]:
        ax.set_visible(False)
    for ax in axes[len(groups) - across : len(groups)]:
        ax.xaxis.set_tick_params(labelbottom=True)
    sizes = [len(own) for _, own in groups]
    n = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    figure.supxlabel(labels[0], x=0.55, y=0.04 / height, va="bottom", fontsize=9)
    figure.supylabel(labels[1], x=0.0, fontsize=9)
    title = f"{title} (n = {n} per panel)"
    figure.suptitle(
        title, x=0.01, y=1 - 0.05 / height, ha="left", va="top", fontsize=9.5, weight="bold"
    )
    return figure


def _thinned(x: Any, y: Any) -> tuple[Any, Any]:
    """At most so many points of a line as it takes to recognise it."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).astype(int))
    return np.asarray(x)[kept], np.asarray(y)[kept]
