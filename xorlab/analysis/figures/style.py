"""The look of figures, and the simple ones; each function draws on one Axes and returns it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

if TYPE_CHECKING:
    import pandas as pd

HIGHEST_LOSS = 1e12  # before a divergence losses exceed any useful axis
# Okabe & Ito (2008): distinguishable with any colour vision.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
_LONGEST = 72  # characters of a label in a legend
STYLES = ("-", "--", ":", "-.")  # distinguish lines without colour


def new_figure(width: float, height: float) -> Figure:
    """A figure that pyplot does not know, so that nothing keeps it alive."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def new_axes(width: float = 6.4, height: float = 4.0) -> Axes:
    """The Axes of a `new_figure`."""
    return new_figure(width, height).add_subplot()


def epochs_axis(ax: Axes, label: str) -> None:
    """Make the x axis logarithmic, with plain numbers; call it when everything is drawn."""
    ax.set_xscale("log")
    low, high = ax.get_xlim()
    decades = np.log10(high / low)
    subs = (1.0, 2.0, 5.0) if decades < 2 else (1.0, 3.0) if decades < 3.5 else (1.0,)
    ax.xaxis.set_major_locator(LogLocator(subs=subs))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(label)


def legend_below(ax: Axes) -> None:
    """A legend under the axes, where it hides no line; very long labels are cut."""
    lines, labels = ax.get_legend_handles_labels()
    shown = [text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…" for text in labels]
    columns = 2 if max(map(len, shown), default=0) <= _LONGEST // 2 else 1
    ax.legend(
        lines,
        shown,
        frameon=False,
        fontsize="small",
        loc="upper center",
        bbox_to_anchor=(0.5, -0.17),
        ncols=columns,
    )


def png(axes: Axes, dpi: int = 100) -> bytes:
    """The figure that the Axes belong to, as a PNG file."""
    file = io.BytesIO()
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101  (axes are made on one)
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def learning_curve(
    steps: npt.NDArray[np.int64], loss: npt.NDArray[np.float64], solved: int | None, ax: Axes
) -> Axes:
    """The loss of one run.

    Args:
        steps: (R,) epochs completed.
        loss: (R,) at those steps.
        solved: the step at which it was first solved, marked; None if it never was.
        ax: where to draw.
    """
    drawn = loss < HIGHEST_LOSS
    ax.plot(steps[drawn], loss[drawn], color=COLOURS[0])
    ax.set_yscale("log")
    ax.set_xlabel("epochs")
    ax.set_ylabel("mean squared error")
    ax.set_title("Loss (n = 1)")
    if solved is not None:
        ax.axvline(solved, color=COLOURS[2], ls="--", lw=1, label=f"solved at {solved}")
        ax.legend(frameon=False, loc="upper right")
    return ax


def decision_surface(
    predict: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.floating]],
    inputs: npt.NDArray[np.float64],
    targets: npt.NDArray[np.float64],
    ax: Axes,
) -> Axes:
    """The first output of a network as a function of its two inputs, with the patterns.

    Args:
        predict: from inputs (P, 2) to outputs (P, O).
        inputs: (P, 2) patterns.
        targets: (P, O).
        ax: where to draw.
    """
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    margin = 0.25 * np.maximum(high - low, 1e-9)
    axes = [np.linspace(a, b, 101) for a, b in zip(low - margin, high + margin, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    surface = predict(grid)[:, 0].reshape(101, 101)
    image = ax.contourf(*axes, surface, levels=20, cmap="cividis")
    ax.figure.colorbar(image, ax=ax, label="output")
    middle = (targets[:, 0].min() + targets[:, 0].max()) / 2
    for above, marker, face in ((False, "o", "black"), (True, "s", "white")):
        some = inputs[(targets[:, 0] > middle) == above]
        ax.scatter(
            some[:, 0],
            some[:, 1],
            marker=marker,
            c=face,
            edgecolors="white" if face == "black" else "black",
        )
    ax.set_xlabel("input 1")
    ax.set_ylabel("input 2")
    ax.set_title("Output, with patterns (square: high target)", fontsize="medium")
    return ax


def success_bars(statistics: pd.DataFrame, by: Sequence[str], ax: Axes | None = None) -> Axes:
    """Success rate of each setting with its interval.

    Args:
        statistics: from `xorlab.convergence`.
        by: the columns that make a setting.
        ax: where to draw; None for a new figure.
    """
    from xorlab.analysis.labels import setting_label  # it needs pandas, and one run does not

    most = 40
    shown = statistics.head(most)
    ax = ax or new_axes(height=1.2 + 0.28 * len(shown))
    y = np.arange(len(shown))[::-1]
    rate = 100 * shown["rate"].to_numpy(float)
    errors = np.abs(100 * shown[["rate_low", "rate_high"]].to_numpy(float).T - rate)
    ax.barh(y, rate, color=COLOURS[5], height=0.7)
    ax.errorbar(rate, y, xerr=errors, fmt="none", ecolor=COLOURS[7], capsize=3, lw=1)
    ax.set_yticks(y, [setting_label(row, by) for row in shown.to_dict("records")])
    ax.set_xlim(0, 100)
    ax.set_xlabel("runs solved / %, with 95 % Wilson interval")
    left = f", first {most} of {len(statistics)} settings" if len(statistics) > most else ""
    ax.set_title(f"Success rate (n = {_counts(statistics)} per setting{left})")
    return ax


def _counts(statistics: pd.DataFrame) -> str:
    low, high = int(statistics["n"].min()), int(statistics["n"].max())
    return str(low) if low == high else f"{low} to {high}"
