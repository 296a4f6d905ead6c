"""Figures of why runs were not solved; each draws on one Axes and returns it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.counts import counted
from xorlab.analysis.figures.forest import label_rows
from xorlab.analysis.figures.picture import WIDTH
from xorlab.analysis.figures.style import COLOURS, ON_LIGHT, legend_below, new_axes
from xorlab.analysis.statistics.times import refuse_unknown
from xorlab.failures.classes import (
    CLASSES,
    DIVERGED,
    IMPROVING,
    MINIMUM,
    OSCILLATING,
    OVERSHOT,
    SADDLE,
    SATURATED,
)

_DARK_GREY = "#5c5c5c"  # seen on a light page and on a dark one
# Colour and marker of each class, the same in every figure.
STYLES = {
    SADDLE: (COLOURS[1], "s"),
    OVERSHOT: (COLOURS[5], "P"),
    SATURATED: (COLOURS[0], "o"),
    MINIMUM: (_DARK_GREY, "D"),
    OSCILLATING: (COLOURS[4], "^"),
    IMPROVING: (COLOURS[2], "v"),
    DIVERGED: (COLOURS[3], "x"),
}
_NOT_DIAGNOSED, _NOT_SOLVED = "not diagnosed", "not solved"
_LIGHT = {"solved": "#DDDDDD", _NOT_DIAGNOSED: "#B8B8B8"}
_DIAGNOSIS = "diagnosis (from xorlab.diagnose)"
_LETTER = 5.5  # points of a bar that a letter of its label needs
_MOST_SETTINGS = 30


def failure_bars(table: pd.DataFrame, by: Sequence[str], ax: Axes | None = None) -> Axes:
    """Why the runs of every setting were not solved, as one bar of shares per setting.

    Args:
        table: from `xorlab.failure_table`. With the column ``solved`` a bar stands for all runs
            of a setting, the solved ones in grey; without it, for those not solved.
        by: the columns that identify a setting.
        ax: where to draw; None for a new figure.
    """
    shown = table.head(_MOST_SETTINGS)
    ax = ax or new_axes(WIDTH, 1.35 + 0.235 * max(len(shown), 3))
    has_all = "solved" in shown
    total = shown["n" if has_all else "failed"].to_numpy(float)
    heights = np.arange(len(shown))[::-1]
    left = np.zeros(len(shown))
    parts = [*CLASSES, "solved"] if has_all else list(CLASSES)
    counts = {name: shown[name].to_numpy(float) for name in parts}
    if has_all:  # not every unsolved run has to be diagnosed
        counts[_NOT_DIAGNOSED] = total - sum(counts.values())
    rows = shown.rename(columns={"failed": _NOT_SOLVED})
    labels = label_rows(ax, rows, [*by, "n" if has_all else _NOT_SOLVED], heights)
    for name, count in counts.items():
        share = 100 * count / np.maximum(total, 1)
        if not share.any():
            continue
        colour = _LIGHT.get(name) or STYLES[name][0]
        ax.barh(heights, share, left=left, color=colour, height=0.72, label=name)
        dark = name in (SATURATED, MINIMUM, DIVERGED)
        for y, start, part in zip(heights, left, share, strict=True):
            text = f"{part:.0f} %"
            if part * labels.room >= 100 * _LETTER * len(text):
                ax.text(
                    start + part / 2,
                    y,
                    text,
                    ha="center",
                    va="center",
                    fontsize="small",
                    color="white" if dark else ON_LIGHT,
                )
        left = left + share
    ax.set_yticks([])
    ax.set_ylim(-0.6, len(shown) - 0.4)
    ax.set_xlim(0, 100)
    ax.spines["left"].set_visible(False)
    rest = (
        f"\nthe first {_MOST_SETTINGS} of {counted(len(table), 'setting')}"
        if len(table) > _MOST_SETTINGS
        else ""
    )
    unsolved = shown["n"] - shown["solved"] if has_all else shown["failed"]
    n = f"{int(unsolved.sum()):,}"
    n = f"{n} of {counted(int(shown['n'].sum()), 'run')}" if has_all else n
    whose = "runs" if has_all else "runs not solved"
    labels.name(ax, f"Why runs were not solved (n = {n}){rest}", f"{whose} of a setting / %")
    if ax.get_legend_handles_labels()[0]:
        legend_below(ax)
    return ax


def curvature_scatter(diagnosis: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Where unsolved runs ended: relative gradient against smallest eigenvalue of the Hessian.

    Args:
        diagnosis: from `xorlab.diagnose`; diverged runs are left out.
        ax: where to draw; None for a new figure.
    """
    needed = ["smallest_eigenvalue", "largest_eigenvalue", "relative_gradient"]
    refuse_unknown(diagnosis, needed, _DIAGNOSIS)
    ax = ax or new_axes()
    smallest, largest = diagnosis["smallest_eigenvalue"], diagnosis["largest_eigenvalue"]
    size = pd.concat([smallest.abs(), largest.abs()], axis="columns").max(axis="columns")
    share = smallest / size
    here = diagnosis.assign(share=share)
    here = here[np.isfinite(here["share"]) & np.isfinite(here["relative_gradient"])]
    _scatter(ax, here, np.maximum(here["relative_gradient"], 1e-16), here["share"])
    ax.axhline(0, color=COLOURS[7], lw=0.8)
    ax.set_xscale("log")
    ax.set_yscale("symlog", linthresh=1e-6)
    ax.set_xlabel("relative gradient, max |g| max(|w|, 1) / E")
    ax.set_ylabel("smallest eigenvalue / largest |eigenvalue|")
    ax.set_ylim(-3, 3)
    ax.set_title(f"Error surface where runs ended (n = {len(here)} not solved)", fontsize="medium")
    return ax


def descent_scatter(diagnosis: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The share of the loss that a descent from the weights removes, by the final loss.

    Args:
        diagnosis: from `xorlab.diagnose`; diverged runs are left out.
        ax: where to draw; None for a new figure.
    """
    refuse_unknown(diagnosis, ["fall_ahead", "final_loss"], _DIAGNOSIS)
    ax = ax or new_axes()
    here = diagnosis[np.isfinite(diagnosis["fall_ahead"]) & np.isfinite(diagnosis["final_loss"])]
    _scatter(ax, here, here["final_loss"], 100 * here["fall_ahead"])
    ax.set_ylim(-3, 103)
    ax.set_xlabel("final mean squared error")
    ax.set_ylabel("loss that a descent removes / %")
    ax.set_title(f"Is there a way down? (n = {len(here)} not solved)", fontsize="medium")
    return ax


def _scatter(ax: Axes, runs: pd.DataFrame, x: pd.Series, y: pd.Series) -> None:
    """A point for each run, with the colour and marker of its class."""
    for name in CLASSES:
        own = runs["failure"] == name
        if own.any():
            colour, marker = STYLES[name]
            label = f"{name} (n = {own.sum()})"
            ax.scatter(
                x[own], y[own], s=18, alpha=0.6, color=colour, marker=marker, lw=0, label=label
            )
    if len(runs):
        legend_below(ax)  # runs may lie in any corner
