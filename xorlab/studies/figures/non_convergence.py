"""Kolen & Pollack's (1990) figure: networks not converged, by the range of their weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from xorlab.analysis.figures.style import COLOURS, new_axes
from xorlab.studies import kolen1990
from xorlab.studies.figures.style import PAPER, count_range

_RANGES = (0.1, 0.2, 0.5, 1, 2, 4, 10)


def non_convergence(runs: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Kolen & Pollack's (1990) figure: networks not converged, by the range of their weights.

    Args:
        runs: of the study, or of some of its settings.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes(6.0, 4.4)
    table = kolen1990.rates(runs)
    least, largest = kolen1990.LEAST, kolen1990.LARGEST
    ax.add_patch(
        Rectangle(
            (2, least.middle),
            2,
            largest.middle - least.middle,
            color=PAPER,
            alpha=0.18,
            lw=0,
            label=f"the paper: {least.printed} to {largest.printed} %",
        )
    )
    ax.axhline(kolen1990.AXIS_END.high, color=PAPER, lw=1, ls=":", label="end of the paper's axis")
    settings = table.groupby(["optimizer.lr", "optimizer.momentum"], dropna=False)
    for number, ((lr, momentum), own) in enumerate(settings):
        shift = 1.02 ** (number - (settings.ngroups - 1) / 2)  # intervals side by side
        rate = own["rate"].to_numpy(float)
        errors = np.abs(own[["low", "high"]].to_numpy(float).T - rate)
        ax.errorbar(
            own["init.range"].to_numpy(float) * shift,
            rate,
            yerr=errors,
            ms=4,
            lw=1.2,
            fmt="os^Dvx"[number % 6] + "-",
            elinewidth=0.8,
            color=(COLOURS[:3] + COLOURS[4:])[number % 7],
            label=f"lr {lr:g}, momentum {momentum:g}",
        )
    ax.set_xscale("log")
    ax.set_xticks(_RANGES, [f"{tick:g}" for tick in _RANGES])
    ax.minorticks_off()
    ax.set_ylim(-2, 102)
    ax.set_xlabel("range of the initial weights")
    ax.set_ylabel("networks not converged / %")
    ax.set_title(
        f"Not converged, 95 % intervals (n = {count_range(table['n'])} a point)", fontsize="medium"
    )
    ax.legend(fontsize="small", loc="upper left", framealpha=1, edgecolor="none")
    return ax
