"""Success rates of several settings, each beside the published one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.style import new_axes
from xorlab.analysis.statistics.intervals import wilson
from xorlab.studies.figures.style import OURS, PAPER


def success_beside(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Success rates with their intervals, each beside the published rate where there is one.

    Args:
        rows: a row per setting: ``setting`` in words, ``solved`` of ``n`` networks, and
            ``published_solved`` of ``published_n``, missing where nothing was published.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes(7.0, 1.2 + 0.42 * len(rows))
    heights = np.arange(len(rows), dtype=float)[::-1]
    has_paper = rows["published_n"].notna().to_numpy(bool)
    _draw_rates(ax, heights + 0.14, rows["solved"], rows["n"], "o", OURS, "measured")
    if has_paper.any():
        papers = rows[has_paper]
        _draw_rates(
            ax,
            heights[has_paper] - 0.14,
            papers["published_solved"],
            papers["published_n"],
            "s",
            PAPER,
            "published",
        )
    names = [f"{row['setting']} (n = {row['n']:,})" for row in rows.to_dict("records")]
    ax.set_yticks(heights, names)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlim(0, 100)
    ax.set_xlabel("networks solved / %, with 95 % Wilson interval")
    ax.set_title(f"Success rate (n = {int(rows['n'].sum()):,} networks)", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _draw_rates(
    ax: Axes,
    heights: npt.NDArray[np.float64],
    solved: pd.Series,
    n: pd.Series,
    marker: str,
    colour: str,
    label: str,
) -> None:
    rate = 100 * solved.to_numpy(float) / n.to_numpy(float)
    ends = 100 * np.array(wilson(solved.to_numpy(float), n.to_numpy(float)))
    ax.errorbar(
        rate, heights, xerr=np.abs(ends - rate), fmt=marker, color=colour, capsize=3, label=label
    )
