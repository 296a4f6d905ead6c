"""Values along the way of many runs: their median at each step, in a band of their spread."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd
from matplotlib.axes import Axes

# The quantiles that a band lies between, and its opacity.
Bands = Sequence[tuple[float, float, float]]
MIDDLE_HALF = ((0.25, 0.75, 0.3),)
MIDDLES = ((0.05, 0.95, 0.15), *MIDDLE_HALF)


def by_step(curves: pd.DataFrame, run_ids: Collection[str], value: str) -> pd.DataFrame:
    """A row for each step and a column for each run; one that ended early keeps its last value.

    Args:
        curves: from `xorlab.load_curves`.
        run_ids: of the runs to take.
        value: name of the curve.
    """
    own = curves[curves["run_id"].isin(run_ids)]
    table: pd.DataFrame = own.pivot(index="step", columns="run_id", values=value)
    return table.sort_index().ffill()


def draw_bands(
    table: pd.DataFrame, ax: Axes, colour: str, style: str, label: str, bands: Bands = MIDDLES
) -> None:
    """Draw the median of a table of `by_step`, in bands of its runs.

    Args:
        table: to draw, over the steps plus 1, as a logarithmic axis has no 0.
        ax: where to draw.
        colour: of line and bands.
        style: of the line.
        label: of the line.
        bands: the middle 90 % and 50 %, or others.
    """
    steps = table.index.to_numpy(float) + 1
    for low, high, alpha in bands:
        bottom = table.quantile(low, axis="columns").to_numpy(float)
        top = table.quantile(high, axis="columns").to_numpy(float)
        ax.fill_between(steps, bottom, top, color=colour, alpha=alpha, lw=0)
    ax.plot(steps, table.median(axis="columns"), style, color=colour, label=label)
