"""How the success rate and its intervals change with the number of seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.style import COLOURS, new_axes
from xorlab.analysis.statistics.intervals import CONFIDENCE, wilson
from xorlab.analysis.statistics.sequential import confidence_sequence
from xorlab.analysis.statistics.times import SOLVED, counted_runs


def rate_by_seeds(
    runs: pd.DataFrame, confidence: float = CONFIDENCE, ax: Axes | None = None
) -> Axes:
    """The success rate of one setting as its seeds come in, with two intervals.

    The inner band is Wilson's (1927), valid for a number of seeds fixed in advance. The outer band
    is a confidence sequence, valid at every number of seeds at once, so that one may stop as soon
    as it is narrow enough.

    Args:
        runs: from `xorlab.load_runs`, of one setting; used in the order of their seeds.
        confidence: of both bands.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: the column ``seed`` is missing, or every run lacks an outcome.
    """
    ax = ax or new_axes()
    counted = counted_runs(runs, ["seed"], "runs").sort_values("seed", kind="stable")
    n = np.arange(1, len(counted) + 1)
    solved = np.cumsum((counted["outcome"] == SOLVED).to_numpy())
    bands = (
        (confidence_sequence(solved, n, confidence), COLOURS[5], "valid at every look"),
        (wilson(solved, n, confidence), COLOURS[0], "Wilson, valid at one look"),
    )
    for (low, high), colour, label in bands:
        ax.fill_between(
            n,
            100 * np.asarray(low),
            100 * np.asarray(high),
            color=colour,
            alpha=0.3,
            lw=0,
            label=label,
        )
    ax.plot(n, 100 * solved / n, color=COLOURS[7], lw=1.2, label="share solved")
    ax.set_xlim(1, max(2, len(n)))
    ax.set_ylim(0, 100)
    ax.set_xlabel("seeds")
    ax.set_ylabel("runs solved / %")
    ax.set_title(f"Success rate as seeds come in, {100 * confidence:g} % (n = {len(n)})")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return ax
