"""Figures of censored times to convergence: survival curves, and the cost of restarts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.lines import Keys, keyed, lines_of
from xorlab.analysis.figures.log_axes import epochs_axis, log_axis
from xorlab.analysis.figures.style import legend_below, new_axes
from xorlab.analysis.statistics.clock import EPOCHS, timed
from xorlab.analysis.statistics.restart_curve import restart_curve
from xorlab.analysis.statistics.restarts import LEAST_SOLVED
from xorlab.analysis.statistics.survival import kaplan_meier
from xorlab.analysis.statistics.tables import WithRuns
from xorlab.analysis.statistics.times import SOLVED, clusters_in, counted_runs, times_of

_POINTS = 300
_MOST_BANDS = 4  # lines with a band; more bands would hide one another


def survival_curves(
    runs: pd.DataFrame | WithRuns,
    by: Keys = None,
    ax: Axes | None = None,
    *,
    event: str | None = None,
    time: str = EPOCHS,
) -> Axes:
    """Share of runs not solved yet by each epoch, for each value of a key.

    Kaplan & Meier's (1958) estimate with its pointwise 95 % band, in which runs of one seed count
    as one. Ticks on the curve mark the
    epochs at which unsolved runs ended (were censored).

    Args:
        runs: from `xorlab.load_runs`.
        by: the key whose values the lines show, or several keys; None for one line of all runs.
        ax: where to draw; None for a new figure.
        event: one that a `xorlab.Recorder` noted, in place of the solution.
        time: ``epochs`` or ``evaluations``, as of `xorlab.convergence`.

    Raises:
        ValueError: the runs lack the column or the event, or none of them has an outcome.
    """
    ax = ax or new_axes()
    runs, by = keyed(timed(runs, event, time), by)
    counted = counted_runs(runs, [by], "by")
    first = np.inf
    lines = list(lines_of(counted, by))
    for line in lines:
        times = times_of(line.runs)
        pooled = clusters_in(line.runs)
        weight = 1.0 if pooled is None else pooled.weight
        known = ~np.isnan(times.time)
        # A run that ended at an unknown epoch was not solved at any epoch that others were.
        ends = np.where(known, times.time, np.inf)
        curve = kaplan_meier(ends, times.solved, weight=weight)
        last = max(float(ends[known].max(initial=1.0)), 1.0)
        first = min(first, max(float(ends[known].min(initial=last)), 1.0))
        at = np.append(np.maximum(curve.times, 0.5), last)
        low, middle, high = (
            100 * np.append(part, part[-1]) for part in (curve.low, curve.survival, curve.high)
        )
        if len(lines) <= _MOST_BANDS:
            ax.fill_between(at, low, high, step="post", color=line.colour, alpha=0.15, lw=0)
        ax.step(at, middle, line.style, where="post", color=line.colour, label=line.label)
        censored = np.unique(curve.censored[np.isfinite(curve.censored)])
        height = middle[np.searchsorted(at, np.maximum(censored, 0.5), side="right") - 1]
        ax.plot(censored, height, "|", color=line.colour, ms=9, mew=1.5)
    ax.set_xlim(left=first / 2)
    epochs_axis(ax, time)
    ax.set_ylim(-2, 102)
    ax.set_ylabel("runs not solved yet / %" if event is None else f"runs without “{event}” yet / %")
    band = ", 95 % band" if len(lines) <= _MOST_BANDS else ""
    _finish(ax, f"Not solved yet{band}, ticks: unsolved (n = {len(counted):,})")
    return ax


def ert_curves(
    runs: pd.DataFrame | WithRuns,
    by: Keys = None,
    ax: Axes | None = None,
    *,
    time: str = EPOCHS,
) -> Axes:
    """Expected running time with restarts against the cutoff, for each value of a key.

    Each curve has its pointwise 95 % band, in which runs of one seed count as one. A dot marks
    the best cutoff of those by which at least 10 runs were solved, and the bar through it its 95 %
    interval. Runs of one seed count as one there too: where six settings are pooled, 60 must be
    solved, so the dot may be right of the least of the curve. Where too few were solved there is
    no dot. A value without a solved run has no curve; the legend says so.

    Args:
        runs: from `xorlab.load_runs`.
        by: the key whose values the lines show, or several keys; None for one line of all runs.
        ax: where to draw; None for a new figure.
        time: ``epochs`` or ``evaluations``, as of `xorlab.convergence`.

    Raises:
        ValueError: a column is missing, or every run lacks an outcome.
    """
    ax = ax or new_axes()
    runs, by = keyed(timed(runs, None, time), by)
    counted = counted_runs(runs, [by], "by")
    lines = list(lines_of(counted, by))
    for line in lines:
        times = times_of(line.runs).common()
        why = "" if times.solved.any() else _none_solved(line.runs, times.horizon, time)
        why = "epoch limit unknown" if np.isnan(times.horizon) else why
        if why:
            ax.plot([], [], color=line.colour, label=f"{line.label}: {why}")
            continue
        solved = times.time[times.solved]
        between = np.geomspace(max(solved.min(), 1), times.horizon, _POINTS)
        cutoffs = np.unique(np.concatenate([solved, between]))
        pooled = clusters_in(line.runs)
        curve = restart_curve(times.time, times.solved, times.horizon, cutoffs, clusters=pooled)
        high, best = np.minimum(curve.high, 1e300), curve.best
        if len(lines) <= _MOST_BANDS:
            ax.fill_between(curve.cutoffs, curve.low, high, color=line.colour, alpha=0.15, lw=0)
        least = LEAST_SOLVED if pooled is None else LEAST_SOLVED / pooled.weight
        enough = int(times.solved.sum()) >= least
        found = f"{best.ert:,.0f} at {best.cutoff:,.0f}" if enough else "too few solved"
        label = f"{line.label}: {found}"
        ax.plot(curve.cutoffs, curve.ert, line.style, color=line.colour, label=label)
        if not enough:
            continue
        ax.plot([best.low, best.high], [best.ert] * 2, color=line.colour, lw=3, alpha=0.6)
        ax.plot(best.cutoff, best.ert, "o", color=line.colour, mec="white", ms=8, zorder=3)
    epochs_axis(ax, f"cutoff: {time} after which a run is given up")
    ax.set_yscale("log")
    log_axis(ax.yaxis)
    _keep_to_the_curves(ax)
    ax.set_ylabel(f"{time} per success (ERT)")
    band = ", 95 % bands" if len(lines) <= _MOST_BANDS else ""
    _finish(ax, f"ERT with restarts{band}, best cutoffs (n = {len(counted):,})")
    return ax


def _none_solved(runs: pd.DataFrame, horizon: float, time: str) -> str:
    """Why a line has no curve: its runs are followed together to the smallest of their limits."""
    later = bool((runs["outcome"] == SOLVED).any())
    return f"none solved by {time.removesuffix('s')} {horizon:,.0f}" if later else "none solved"


def _finish(ax: Axes, title: str) -> None:
    ax.set_title(title, fontsize="medium")
    legend_below(ax)


def _keep_to_the_curves(ax: Axes) -> None:
    """Limit the y axis to the curves, because bands may reach to infinity."""
    lines = [np.asarray(line.get_ydata(), float) for line in ax.lines]
    heights = np.concatenate([np.empty(0), *lines])
    heights = heights[np.isfinite(heights) & (heights > 0)]
    if len(heights):
        ax.set_ylim(heights.min() / 2, heights.max() * 3)
