"""Figures of why runs failed; each draws on one Axes and returns it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.style import COLOURS, new_axes
from xorlab.analysis.labels import setting_label
from xorlab.failures.classes import (
    CLASSES,
    DIVERGED,
    IMPROVING,
    MINIMUM,
    OSCILLATING,
    SADDLE,
    SATURATED,
)

# Colour and marker of each class, the same in every figure.
STYLES = {
    SADDLE: (COLOURS[1], "s"),
    SATURATED: (COLOURS[0], "o"),
    MINIMUM: (COLOURS[7], "D"),
    OSCILLATING: (COLOURS[4], "^"),
    IMPROVING: (COLOURS[2], "v"),
    DIVERGED: (COLOURS[3], "x"),
}
_SOLVED = "#DDDDDD"
_LEAST_LABELLED = 6  # percent; a narrower part of a bar has no room for its label
_MOST_SETTINGS = 40


def failure_bars(table: pd.DataFrame, by: Sequence[str], ax: Axes | None = None) -> Axes:
    """How the runs of every setting failed, as one bar of shares per setting.

    Args:
        table: from `xorlab.failure_table`. With the column ``solved`` a bar stands for all runs
            of a setting, the solved ones in grey; without it, for those that failed.
        by: the columns that identify a setting.
        ax: where to draw; None for a new figure.
    """
    shown = table.head(_MOST_SETTINGS)
    ax = ax or new_axes(8.0, 1.6 + 0.42 * len(shown))
    has_all = "solved" in shown
    total = shown["n" if has_all else "failed"].to_numpy(float)
    heights = np.arange(len(shown))[::-1]
    left = np.zeros(len(shown))
    parts = [*CLASSES, "solved"] if has_all else list(CLASSES)
    for name in parts:
        share = 100 * shown[name].to_numpy(float) / np.maximum(total, 1)
        if not share.any():
            continue
        colour = _SOLVED if name == "solved" else STYLES[name][0]
        ax.barh(
            heights,
            share,
            left=left,
            color=colour,
            height=0.75,
            label=name,
            edgecolor="white",
            lw=0.5,
        )
        dark = name in (SATURATED, MINIMUM, DIVERGED)
        for y, start, part in zip(heights, left, share, strict=True):
            if part >= _LEAST_LABELLED:
                ax.text(
                    start + part / 2,
                    y,
                    f"{part:.0f} %",
                    ha="center",
                    va="center",
                    fontsize="small",
                    color="white" if dark else "black",
                )
        left = left + share
    labels = [
        f"{setting_label(row, by)} (n = {row['n' if has_all else 'failed']})"
        for row in shown.to_dict("records")
    ]
    ax.set_yticks(heights, labels)
    ax.set_xlim(0, 100)
    counted = "runs" if has_all else "failed runs"
    ax.set_xlabel(f"{counted} of a setting / %")
    rest = (
        f", first {_MOST_SETTINGS} of {len(table)} settings" if len(table) > _MOST_SETTINGS else ""
    )
    counts = f"{shown['failed'].sum()} failed"
    counts = f"{counts} of {shown['n'].sum()} runs" if has_all else f"{counts} runs"
    ax.set_title(f"Why runs failed (n = {counts}{rest})", fontsize="medium")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def curvature_scatter(diagnosis: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Where failed runs ended: relative gradient against smallest eigenvalue of the Hessian.

    Args:
        diagnosis: from `xorlab.diagnose`; diverged runs are left out.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes()
    smallest, largest = diagnosis["smallest_eigenvalue"], diagnosis["largest_eigenvalue"]
    size = pd.concat([smallest.abs(), largest.abs()], axis="columns").max(axis="columns")
    share = smallest / size
    here = diagnosis.assign(share=share)
    here = here[np.isfinite(here["share"]) & np.isfinite(here["relative_gradient"])]
    for name in CLASSES:
        own = here[here["failure"] == name]
        if len(own):
            colour, marker = STYLES[name]
            ax.scatter(
                np.maximum(own["relative_gradient"], 1e-16),
                own["share"],
                s=18,
                alpha=0.6,
                color=colour,
                marker=marker,
                lw=0,
                label=f"{name} (n = {len(own)})",
            )
    ax.axhline(0, color=COLOURS[7], lw=0.8)
    ax.set_xscale("log")
    ax.set_yscale("symlog", linthresh=1e-6)
    ax.set_xlabel("relative gradient, max |g| max(|w|, 1) / E")
    ax.set_ylabel("smallest eigenvalue / largest size of any")
    ax.set_ylim(-3, 3)
    ax.set_title(f"Error surface where runs ended (n = {len(here)} failed runs)", fontsize="medium")
    if len(here):
        ax.legend(frameon=False, fontsize="small", loc="lower left")
    return ax


def descent_scatter(diagnosis: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """The share of the loss that a descent from the weights removes, by the final loss.

    Args:
        diagnosis: from `xorlab.diagnose`; diverged runs are left out.
        ax: where to draw; None for a new figure.
    """
    ax = ax or new_axes()
    here = diagnosis[np.isfinite(diagnosis["fall_ahead"]) & np.isfinite(diagnosis["final_loss"])]
    for name in CLASSES:
        own = here[here["failure"] == name]
        if len(own):
            colour, marker = STYLES[name]
            ax.scatter(
                own["final_loss"],
                100 * own["fall_ahead"],
                s=18,
                alpha=0.6,
                color=colour,
                marker=marker,
                lw=0,
                label=f"{name} (n = {len(own)})",
            )
    ax.set_ylim(-3, 103)
    ax.set_xlabel("final mean squared error")
    ax.set_ylabel("loss that a descent removes / %")
    ax.set_title(f"Is there a way down? (n = {len(here)} failed runs)", fontsize="medium")
    if len(here):
        ax.legend(frameon=False, fontsize="small", loc="upper left")
    return ax
