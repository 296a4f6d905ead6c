"""The distribution of epochs to solve, with the percentiles that a study printed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.style import new_axes
from xorlab.studies.figures.style import OURS, PAPER
from xorlab.studies.replication.registry import STUDIES
from xorlab.studies.replication.sample import sample_of


def solve_times(runs: pd.DataFrame, study: str, ax: Axes | None = None) -> Axes:
    """Distribution of the epochs of the solved, with the percentiles that a study printed.

    Args:
        runs: of one setting.
        study: preset of a study that printed the fastest, the quartiles and the slowest.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes()
    sample = sample_of(runs)
    k = len(sample.ascending)
    ax.step(
        np.append(0.0, sample.ascending),
        100 * np.arange(k + 1) / max(k, 1),
        where="post",
        color=OURS,
        label=f"measured (n = {k:,} solved)",
    )
    printed = [v.middle for v in STUDIES[study].published if "epochs" in v.quantity]
    ax.plot(
        printed,
        np.linspace(0, 100, len(printed)),
        "s",
        color=PAPER,
        label="published: fastest, quartiles, slowest",
    )
    ax.set_xlim(left=0)
    ax.set_xlabel("epochs to solve")
    ax.set_ylabel("of the solved, solved by then / %")
    ax.set_title("Epochs of the solved", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return ax
