"""Figures of sweeps: success rates, loss curves and times to solve. Each returns its Axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.counts import counted
from xorlab.analysis.figures.bands import MIDDLES, by_step, draw_bands
from xorlab.analysis.figures.lines import Keys, keyed, lines_of
from xorlab.analysis.figures.log_axes import epochs_axis, log_axis
from xorlab.analysis.figures.style import (
    HIGHEST_LOSS,
    ON_LIGHT,
    cut,
    legend_below,
    new_axes,
)
from xorlab.analysis.labels import in_order, loss_label, short
from xorlab.analysis.statistics.clock import EPOCHS, timed
from xorlab.analysis.statistics.tables import WithRuns, numeric
from xorlab.analysis.statistics.times import LIMIT, SOLVED, counted_runs, refuse_unknown

# Columns of a heat map with so much text in a cell: interval and n in one line, in two, a rate.
_MOST_WITH_LINE, _MOST_WITH_INTERVAL, _MOST_NUMBERED = 3, 5, 12
_LONGEST_VALUE = 14  # letters of a value beside the cells
_CROWDED = 50  # letters below the columns; more are turned
_LOWEST_LOSS = 1e-12  # below it is rounding
_MOST_BANDS = 4  # lines with a band; more bands would hide one another


def success_heatmap(statistics: pd.DataFrame, x: str, y: str, ax: Axes | None = None) -> Axes:
    """Success rate over two swept keys, each cell with its rate, interval and n.

    Args:
        statistics: from `xorlab.convergence`, by these two keys.
        x: key along the columns.
        y: key along the rows.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: a pair of values occurs in more than one row, or a column is missing.
    """
    refuse_unknown(statistics, [x, y, "rate"], "x, y")
    columns, rows = (in_order(pd.unique(statistics[key])) for key in (x, y))
    if statistics.duplicated([x, y]).any():
        raise ValueError(f"more than one row for some {x} and {y}; take statistics by these alone")
    ax = ax or new_axes(1.6 + 1.3 * len(columns), 1.6 + 0.7 * len(rows))
    rates = np.full((len(rows), len(columns)), np.nan)
    for row in statistics.to_dict("records"):
        i, j = rows.index(row[y]), columns.index(row[x])
        rates[i, j] = 100 * row["rate"]
        if len(columns) > _MOST_NUMBERED:
            continue
        text = f"{rates[i, j]:.0f} %"
        if len(columns) <= _MOST_WITH_INTERVAL:
            interval = f"{100 * row['rate_low']:.0f}-{100 * row['rate_high']:.0f} %"
            narrow = len(columns) > _MOST_WITH_LINE
            text += f"\n{interval}{chr(10) if narrow else ', '}n={row['n']:,}"
        dark = rates[i, j] < 60
        ax.text(
            j,
            i,
            text,
            ha="center",
            va="center",
            fontsize="small",
            color="white" if dark else ON_LIGHT,
        )
    image = ax.imshow(rates, vmin=0, vmax=100, cmap="cividis", aspect="auto")
    if len(columns) > _MOST_WITH_INTERVAL:
        ax.figure.colorbar(image, ax=ax, label="runs solved / %")
    across, down = ([cut(short(v), _LONGEST_VALUE) for v in values] for values in (columns, rows))
    crowded = sum(map(len, across)) > _CROWDED
    ax.set_xticks(
        range(len(columns)),
        across,
        rotation=35 if crowded else 0,
        ha="right" if crowded else "center",
        rotation_mode="anchor",
    )
    ax.set_yticks(range(len(rows)), down)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    total = counted(int(statistics["n"].sum()), "run")
    ax.set_title(f"Success rate with 95 % interval (n = {total})")
    return ax


def curve_bands(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    by: Keys = None,
    ax: Axes | None = None,
) -> Axes:
    """Median loss at each step for each value of a key, with the middle 50 % and 90 % of runs.

    A run that ended early keeps its last loss.

    Args:
        runs: from `xorlab.load_runs`.
        curves: of those runs or of some of them, from `xorlab.load_curves`.
        by: the key whose values the lines show, or several keys; None for one line of all runs.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes()
    runs, by = keyed(runs, by)
    drawn = curves.loc[curves["run_id"].isin(runs["run_id"]), "run_id"].nunique()
    shown = f"n = {len(runs):,}" if drawn >= len(runs) else f"n = {drawn:,} of {len(runs):,}"
    lines = list(lines_of(runs, by))
    for line in lines:
        table = by_step(curves, line.runs["run_id"], "loss").clip(upper=HIGHEST_LOSS)
        if not table.empty:
            bands = MIDDLES if len(lines) <= _MOST_BANDS else ()
            draw_bands(table, ax, line.colour, line.style, line.label, bands)
    epochs_axis(ax, "epochs + 1")
    ax.set_yscale("log")
    log_axis(ax.yaxis)
    ax.set_ylim(bottom=max(ax.get_ylim()[0], _LOWEST_LOSS))
    ax.set_ylabel(loss_label(runs))
    ax.set_title(f"Loss: median, middle 50 % and 90 % of runs ({shown})", fontsize="medium")
    legend_below(ax)
    return ax


def epochs_distribution(
    runs: pd.DataFrame | WithRuns,
    by: Keys = None,
    ax: Axes | None = None,
    *,
    time: str = EPOCHS,
) -> Axes:
    """Share of all runs solved by each epoch: the empirical distribution of epochs to solve.

    Unsolved runs count too, so a curve ends at the success rate.

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
    ended = counted_runs(runs, [by], "by")
    limit = _last(ended)
    for line in lines_of(ended, by):
        own = line.runs
        at = numeric(own, "epochs_to_solve")  # of which load_runs has no column if none was solved
        solved = np.sort(at[(own["outcome"] == SOLVED).to_numpy()])
        share = 100 * np.arange(len(solved) + 1) / len(own)
        ax.step(
            [1.0, *np.maximum(solved, 1.0), limit],
            [*share, share[-1]],
            line.style,
            where="post",
            color=line.colour,
            label=line.label,
        )
    epochs_axis(ax, time)
    ax.set_ylim(0, 102)
    ax.set_ylabel("runs solved / %")
    ax.set_title(f"Solved by this {time.removesuffix('s')} (n = {counted(len(ended), 'run')})")
    legend_below(ax)
    return ax


def _last(runs: pd.DataFrame) -> float:
    """The last epoch of any run, as far as the table says."""
    for name in ("epochs_run", LIMIT, "epochs_to_solve"):
        known = numeric(runs, name)
        known = known[~np.isnan(known)]
        if len(known):
            return float(known.max())
    return 1.0
