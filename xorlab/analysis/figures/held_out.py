"""A figure of what networks learn beside what they answer to patterns that were held out."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.bands import MIDDLE_HALF, by_step, draw_bands
from xorlab.analysis.figures.log_axes import epochs_axis, log_axis
from xorlab.analysis.figures.style import (
    COLOURS,
    HIGHEST_LOSS,
    legend_below,
    new_axes,
)
from xorlab.analysis.labels import loss_label
from xorlab.analysis.statistics.times import refuse_unknown

TRAINING, VALIDATION = "training set", "validation set"
# Names of the curves of both sets, by what they show.
LOSSES = {TRAINING: "loss", VALIDATION: "validation_loss"}
ACCURACIES = {TRAINING: "training_accuracy", VALIDATION: "validation_accuracy"}
# Those of them that are there beside that of the loss.
FURTHER = (LOSSES[VALIDATION], *ACCURACIES.values())
_LOWEST_LOSS = 1e-12  # below it is rounding


def both_sets(
    runs: pd.DataFrame,
    curves: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    ax: Axes | None = None,
) -> Axes:
    """Median and middle half of a curve of the training and of the validation set, at each step.

    A run that ended early keeps its last values.

    Args:
        runs: from `xorlab.load_runs`; all of them are drawn together.
        curves: of those runs or of some of them, by name, each from `xorlab.load_curves`.
        names: `LOSSES` or `ACCURACIES`.
        ax: where to draw; None for a new figure.

    Raises:
        ValueError: a curve is missing.
    """
    ax = ax or new_axes()
    of_losses = names == LOSSES
    refuse_unknown(pd.DataFrame(columns=[*curves]), [*names.values()], "curves")
    drawn = set(curves[names[VALIDATION]]["run_id"]).intersection(runs["run_id"])
    for number, (label, name) in enumerate(names.items()):
        table = by_step(curves[name], drawn, name)
        table = table.clip(upper=HIGHEST_LOSS) if of_losses else 100 * table
        draw_bands(table, ax, COLOURS[number], ("-", "--")[number], label, MIDDLE_HALF)
    epochs_axis(ax, "epochs + 1")
    if of_losses:
        ax.set_yscale("log")
        log_axis(ax.yaxis)
        ax.set_ylim(bottom=max(ax.get_ylim()[0], _LOWEST_LOSS))
        ax.set_ylabel(loss_label(runs))
    else:
        ax.set_ylim(-2, 102)
        ax.set_ylabel("right answers / %")
    legend_below(ax)
    return ax
