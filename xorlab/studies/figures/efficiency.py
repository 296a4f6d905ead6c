"""Hamey's (1991) figure: the efficiency of training with restarts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.log_axes import epochs_axis
from xorlab.analysis.figures.style import new_axes
from xorlab.analysis.statistics.restart_curve import restart_curve
from xorlab.analysis.statistics.times import counted_runs, times_of
from xorlab.studies import hamey1991
from xorlab.studies.figures.style import OURS, PAPER
from xorlab.studies.replication.sample import RESAMPLES


def efficiency_curve(
    runs: pd.DataFrame, ax: Axes | None = None, resamples: int = RESAMPLES
) -> Axes:
    """Hamey's (1991) figure: networks solved per thousand epochs, by the cutoff of training.

    Args:
        runs: of one setting.
        ax: where to draw; None for a new figure.
        resamples: number of bootstrap samples for the interval of the best epoch.
    """
    ax = ax or new_axes(7.0, 4.4)
    times = times_of(counted_runs(runs, ["outcome"], "runs")).common()
    epochs = np.arange(1, int(times.horizon) + 1)
    curve = restart_curve(times.time, times.solved, times.horizon, epochs, resamples=resamples)
    with np.errstate(divide="ignore"):
        low, middle, high = (1000 / ert for ert in (curve.high, curve.ert, curve.low))
    e, best = float(middle.max()), curve.best
    ax.fill_between(epochs, low, np.minimum(high, 1000), color=OURS, alpha=0.2, lw=0)
    ax.plot(epochs, middle, color=OURS, label=f"measured (n = {len(times):,})")
    if e > 0:
        half = epochs[middle >= e / 2]
        ax.plot([half[0], half[-1]], [e / 2] * 2, "--", color=OURS, label="at least half its peak")
        ax.plot([best.low, best.high], [e] * 2, color=OURS, lw=4, alpha=0.5)
        ax.plot(best.cutoff, e, "o", color=OURS, mec="white", ms=8, label="peak: e at T_E")
    peak = hamey1991.PEAK
    first, last = hamey1991.HALF_PEAK_FIRST.middle, hamey1991.HALF_PEAK_LAST.middle
    ax.errorbar(
        hamey1991.PEAK_EPOCH.middle,
        peak.middle,
        yerr=(peak.high - peak.low) / 2,
        fmt="s",
        color=PAPER,
        capsize=4,
        ms=5,
        label="the paper's peak",
    )
    ax.plot(
        [first, last],
        [peak.middle / 2] * 2,
        "|",
        color=PAPER,
        ms=16,
        mew=2,
        label="ends of the paper's half-peak range",
    )
    ax.set_xlim(left=8)
    epochs_axis(ax, "t: epochs after which a network is given up")
    ax.set_ylim(0, 1.25 * max(e, peak.high))
    ax.set_ylabel("E(t): networks trained per 1,000 epochs")
    ax.set_title("Efficiency of training with restarts, 95 % band", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return ax
