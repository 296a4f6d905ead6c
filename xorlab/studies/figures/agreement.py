"""Measured over published, for every row of the table of published values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.style import new_axes
from xorlab.studies.figures.style import OURS, PAPER, count_range

_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)


def agreement(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Measured over published, one line for every row of the table.

    Thick: our 95 % interval. Thin: the range of samples of the paper's size. Grey: what the
    published number may stand for. A row agrees if thin meets grey. A row without an estimate, as
    when no run was solved, stays empty.

    Args:
        table: from `xorlab.studies.replication.agreement.agreement_table`.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes(8.5, 1.2 + 0.34 * len(table))
    heights = np.arange(len(table))[::-1]
    rows = table.to_dict("records")
    for y, row in zip(heights, rows, strict=True):
        colour = OURS if row["agrees"] else PAPER
        unit = row["published_high"] if row["published_low"] == 0 else row["value"]
        start = max(row["published_low"] / unit, 1e-3)  # a logarithmic axis has no 0
        ax.plot(
            [start, row["published_high"] / unit],
            [y] * 2,
            color="#999999",
            lw=9,
            alpha=0.5,
            solid_capstyle="butt",
        )
        thin, thick = (
            np.array([row[f"{prefix}low"], row[f"{prefix}high"]], float) / unit
            for prefix in ("expected_", "")
        )
        ax.plot(thin, [y] * 2, color=colour, lw=1.2)
        ax.plot(thick, [y] * 2, color=colour, lw=5, alpha=0.6, solid_capstyle="butt")
        face = colour if row["counted"] and not row["post_hoc"] else "white"
        ax.plot(row["estimate"] / unit, y, "o", color=colour, mec=colour, mfc=face)
    ax.axvline(1, color="black", lw=0.8, zorder=0)
    several = len(table["source"].unique()) > 1
    ax.set_yticks(heights, [_row_name(row, several) for row in rows], fontsize="small")
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xscale("log")
    known = table.loc[table["published_low"] > 0]
    ends = known[["low", "high", "expected_low", "expected_high"]].to_numpy(float)
    ends = ends / known[["value"]].to_numpy(float)
    ends = ends[np.isfinite(ends) & (ends > 0)]
    low = min(0.6, 0.85 * float(ends.min(initial=1)))
    high = max(1.6, 1.15 * float(ends.max(initial=1)))
    shown = [tick for tick in _RATIOS if low <= tick <= high]
    ax.set_xlim(low, high)
    ax.set_xticks(shown, [f"{tick:g}" for tick in shown])
    ax.minorticks_off()
    ax.set_xlabel(
        "measured / published, with 95 % interval (thick)\n"
        "and range of samples of the paper's size (thin)"
    )
    counted = table.loc[table["counted"] & ~table["post_hoc"], "agrees"]
    verdict = "Post hoc" if table["post_hoc"].all() else "Not counted"
    if len(counted):
        verdict = f"{int(counted.sum())} of {len(counted)} agree"
    ax.set_title(f"{verdict} (n = {count_range(table['n'])})")
    return ax


def _row_name(row: Mapping[Any, Any], several: bool) -> str:
    """The label of a row: the network where there are several sources, quantity and value."""
    network = f"{row['source'].rpartition(', ')[2]}, " if several else ""
    hindsight = " (post hoc)" if row["post_hoc"] else ""
    return f"{network}{row['quantity']}: {row['published']}{hindsight}"
