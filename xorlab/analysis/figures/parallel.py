"""Settings that differ in many keys, in one figure."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from xorlab.analysis.figures.style import new_axes
from xorlab.analysis.labels import short
from xorlab.analysis.statistics.times import refuse_unknown

_SPREAD = 0.03  # lines through one value are spread over this height
_MOST_LABELS = 12


def parallel_coordinates(settings: pd.DataFrame, by: Sequence[str], ax: Axes | None = None) -> Axes:
    """Each setting as a line through its values to its success rate (Inselberg 1985).

    The values of a key are sorted and evenly spaced, with the lowest at the bottom. The colour of
    a line is its success rate, and the bar at the last axis the 95 % Wilson interval.

    Args:
        settings: from `xorlab.convergence`.
        by: the columns that make a setting, left to right.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: a column is missing.
    """
    refuse_unknown(settings, [*by, "rate", "rate_low", "rate_high", "n"], "settings, by")
    ax = ax or new_axes(2.2 + 1.5 * len(by), 4.5)
    heights, labels = zip(*(_heights(settings[name]) for name in by), strict=True)
    rate = settings["rate"].to_numpy(float)
    apart = (np.argsort(np.argsort(rate, kind="stable")) / max(1, len(rate) - 1) - 0.5) * _SPREAD
    points = np.column_stack([*(height + apart for height in heights), rate])
    across = np.arange(len(by) + 1.0)
    lines = LineCollection(
        [np.column_stack([across, row]) for row in points],
        array=100 * rate,
        cmap="cividis",
        norm=Normalize(0, 100),
        linewidths=1.4,
        alpha=0.8,
    )
    ax.add_collection(lines)
    ends = settings[["rate_low", "rate_high"]].to_numpy(float).T
    colours = mpl.colormaps["cividis"](rate)
    ax.vlines(across[-1] + 0.06 + apart, ends[0], ends[1], colors=colours, lw=1)
    for x, texts in enumerate(labels):
        ax.axvline(x, color="black", lw=0.8)
        for height, text in texts:
            ax.text(x - 0.04, height, text, ha="right", va="center", fontsize="small")
    ax.axvline(across[-1], color="black", lw=0.8)
    ax.set_xticks(across, [*by, "success rate / %"], fontsize="small")
    ax.set_xlim(-0.5, across[-1] + 0.2)
    ax.set_ylim(-0.06, 1.06)
    ax.yaxis.set_visible(False)
    ax.spines[:].set_visible(False)
    bar = ScalarMappable(Normalize(0, 100), "cividis")
    ax.figure.colorbar(bar, ax=ax, label="runs solved / %")
    ax.set_title(f"{len(settings)} settings (n = {int(settings['n'].sum())} runs)")
    return ax


def _heights(column: pd.Series) -> tuple[npt.NDArray[np.float64], list[tuple[float, str]]]:
    """The height of each value between 0 and 1, and the labels with their heights."""
    values = sorted(pd.unique(column), key=lambda value: (isinstance(value, str), value))
    height = {value: n / max(1, len(values) - 1) for n, value in enumerate(values)}
    if len(values) == 1:
        height = dict.fromkeys(values, 0.5)
    every = -(-len(values) // _MOST_LABELS)
    labels = [(height[value], short(value)) for value in values[::every]]
    return column.map(height).to_numpy(float), labels
