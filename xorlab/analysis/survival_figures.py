"""Figures of censored times to convergence: survival, and what restarts cost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.censored import Times, counted_runs, times_of
from xorlab.analysis.figures import COLOURS, STYLES, epochs_axis, new_axes
from xorlab.analysis.restarts import best_cutoff
from xorlab.analysis.running_time import part
from xorlab.analysis.settings import group_label
from xorlab.analysis.survival import kaplan_meier

_POINTS = 300


def survival_curves(runs: pd.DataFrame, by: str, ax: Axes | None = None) -> Axes:
    """Share of runs not solved yet by each epoch, for every value of a key.

    Kaplan & Meier's (1958) estimate with its pointwise 95 % band; a tick marks the epochs at which
    unsolved runs ended (censoring), at the height of the curve there.

    Args:
        runs: from `xorlab.load_runs`.
        by: key whose values are told apart.
        ax: where to draw; None for a figure of its own.

    Raises:
        ValueError: there is no such column, or no run with an outcome.
    """
    ax = ax or new_axes()
    total, first = 0, np.inf
    for number, label, times in _groups(runs, by):
        curve = kaplan_meier(times.time, times.solved)
        end = max(float(times.time.max()), 1.0)
        first = min(first, max(float(times.time.min()), 1.0))
        at = np.append(np.maximum(curve.times, 0.5), end)
        colour = COLOURS[number % len(COLOURS)]
        low, middle, high = (
            100 * np.append(line, line[-1]) for line in (curve.low, curve.survival, curve.high)
        )
        ax.fill_between(at, low, high, step="post", color=colour, alpha=0.15, lw=0)
        style = STYLES[number % len(STYLES)]
        ax.step(at, middle, style, where="post", color=colour, label=label)
        gone = np.unique(curve.censored)
        left = middle[np.searchsorted(at, np.maximum(gone, 0.5), side="right") - 1]
        ax.plot(gone, left, "|", color=colour, ms=9, mew=1.5)
        total += len(times)
    ax.set_xlim(left=first / 2)
    epochs_axis(ax, "epochs")
    ax.set_ylim(-2, 102)
    ax.set_ylabel("runs not solved yet / %")
    ax.set_title(f"Not solved yet, 95 % band, ticks: unsolved (n = {total})", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax


def ert_curves(runs: pd.DataFrame, by: str, ax: Axes | None = None) -> Axes:
    """Expected running time with restarts against the cutoff, for every value of a key.

    Each curve with its pointwise 95 % band; a dot is the best cutoff, the bar through it the 95 %
    interval of where the best cutoff lies. A value none of whose runs was solved has no curve and
    says so in the legend.

    Args:
        runs: from `xorlab.load_runs`.
        by: key whose values are told apart.
        ax: where to draw; None for a figure of its own.

    Raises:
        ValueError: there is no such column, or no run with an outcome.
    """
    ax = ax or new_axes()
    total = 0
    for number, label, whole in _groups(runs, by):
        times = whole.common()
        total += len(times)
        colour = COLOURS[number % len(COLOURS)]
        if not times.solved.any():
            ax.plot([], [], color=colour, label=f"{label}: none solved")
            continue
        ascending = np.sort(times.time[times.solved])
        cutoffs = np.unique(
            np.concatenate([ascending, np.geomspace(max(ascending[0], 1), times.horizon, _POINTS)])
        )
        estimate, low, high = part(ascending, len(times), cutoffs).ert()
        ax.fill_between(cutoffs, low, np.minimum(high, 1e300), color=colour, alpha=0.15, lw=0)
        best = best_cutoff(times.time, times.solved, times.horizon)
        told = f"{label}: {best.ert:.0f} at {best.cutoff:.0f}"
        ax.plot(cutoffs, estimate, STYLES[number % len(STYLES)], color=colour, label=told)
        ax.plot([best.low, best.high], [best.ert] * 2, color=colour, lw=3, alpha=0.6)
        ax.plot(best.cutoff, best.ert, "o", color=colour, mec="white", ms=8, zorder=3)
    epochs_axis(ax, "cutoff: epochs after which a run is given up")
    ax.set_yscale("log")
    _keep_to_the_curves(ax)
    ax.set_ylabel("expected epochs until solved (ERT)")
    ax.set_title(f"ERT with restarts, 95 % bands, best cutoffs (n = {total})", fontsize="medium")
    ax.legend(frameon=False, fontsize="small")
    return ax


def _groups(runs: pd.DataFrame, by: str) -> Iterator[tuple[int, str, Times]]:
    counted = counted_runs(runs, [by], "by")
    for number, (value, group) in enumerate(counted.groupby(by)):
        yield number, group_label(by, value, len(group)), times_of(group)


def _keep_to_the_curves(ax: Axes) -> None:
    """Bands that reach for infinity must not squeeze the curves."""
    lines = [np.asarray(line.get_ydata(), float) for line in ax.lines]
    heights = np.concatenate([np.empty(0), *lines])
    heights = heights[np.isfinite(heights) & (heights > 0)]
    if len(heights):
        ax.set_ylim(heights.min() / 2, heights.max() * 3)
