"""Figures of boundaries and their dimensions; each draws on one Axes and returns it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.log_axes import log_axis
from xorlab.analysis.figures.style import COLOURS, new_axes
from xorlab.landscapes.fractal import Dimension, SmoothNull, box_dimension


def box_counts(
    dimension: Dimension, null: SmoothNull | None = None, ax: Axes | None = None
) -> Axes:
    """The number of boxes that contain some boundary, by the side of a box, with the fitted line.

    Args:
        dimension: from `box_dimension`.
        null: from `smooth_null`; one of its smooth boundaries is drawn too.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes(5.4, 4.0)
    label = f"boundary: {dimension.dimension:.2f} ({dimension.low:.2f} to {dimension.high:.2f})"
    _draw_counts(ax, dimension, label, color=COLOURS[0], marker="o")
    if null is not None:
        smooth = box_dimension(null.example)
        label = f"a smooth boundary: {smooth.dimension:.2f}"
        _draw_counts(ax, smooth, label, color=COLOURS[1], marker="s", ls="--")
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.set_xlabel("side of a box / pixels")
    ax.set_ylabel("boxes that hold some boundary")
    ax.set_title("Box counts and the dimension, with its 95 % interval")
    ax.legend(frameon=False, loc="upper right")
    return ax


def dimensions(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The dimension of each zoom with its interval, over the range of smooth boundaries.

    Args:
        table: from `dimension_table`.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes(6.4, 4.0)
    x = table["magnification"].to_numpy()
    low, high = table["null_low"].to_numpy(), table["null_high"].to_numpy()
    ax.fill_between(x, low, high, color=COLOURS[1], alpha=0.35, lw=0, label="smooth, 95 % range")
    ax.plot(x, table["null"], color=COLOURS[1], ls="--", marker="s", label="smooth, median")
    middle = table["dimension"].to_numpy()
    errors = np.clip([middle - table["low"], table["high"] - middle], 0, None)
    ax.errorbar(
        x, middle, yerr=errors, color=COLOURS[0], marker="o", capsize=3, label="boundary, 95 %"
    )
    if len(table) > 1:
        ax.set_xscale("log")
        log_axis(ax.xaxis)
    ax.set_ylim(0.9, 2.05)
    ax.set_xlabel("magnification")
    ax.set_ylabel("box-counting dimension")
    median = float(table["dimension"].median())
    ax.set_title(f"Dimension, zoom after zoom (median {median:.2f}, n = {len(table)})")
    ax.legend(frameon=False, loc="lower right")
    return ax


def _draw_counts(ax: Axes, dimension: Dimension, label: str, **style: Any) -> None:
    sizes, counts = dimension.sizes, dimension.counts
    ax.plot(sizes, counts, **style | {"ls": "none"})
    middle = np.exp(np.log(counts).mean()) * np.exp(np.log(sizes).mean()) ** dimension.dimension
    fitted = middle * sizes.astype(float) ** -dimension.dimension
    ax.plot(sizes, fitted, **style | {"marker": "none"}, label=label)
