"""The look of figures, and the simple ones; each function draws on one Axes and returns it."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from matplotlib.transforms import ScaledTranslation

from xorlab.analysis.figures.log_axes import log_axis
from xorlab.analysis.figures.surface import surface_axes, surface_of

if TYPE_CHECKING:
    import pandas as pd

_LEAST_RANGE = 0.01  # of outputs in a scale
HIGHEST_LOSS = 1e12  # before a divergence losses exceed any useful axis
# Okabe & Ito (2008): distinguishable with any colour vision.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
ON_LIGHT = "#111111"  # text on a light colour, dark also where the page is
_MOST_LINES = 3  # of a wrapped text
_BELOW = 0.48  # inches between the axes and a legend: the labels are there
_LONGEST = 72  # characters of a label in a legend
STYLES = ("-", "--", ":", "-.")  # distinguish lines without colour


def new_figure(
    width: float, height: float, layout: Literal["constrained"] | None = "constrained"
) -> Figure:
    """A figure that pyplot does not know, so that nothing keeps it alive."""
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def new_axes(width: float = 6.4, height: float = 4.0) -> Axes:
    """The Axes of a `new_figure`."""
    return new_figure(width, height).add_subplot()


def plain_epochs(ax: Axes) -> None:
    """Label the x axis of a curve: epochs, such as 10,000."""
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.set_xlabel("epochs")


def cut(text: str, most: int) -> str:
    """A text, cut to at most so many letters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def wrapped(text: str, width: int) -> str:
    """A label in lines of at most about so many letters, broken where words end."""
    lines = textwrap.wrap(text, width)
    return "\n".join([*lines[:2], "…"] if len(lines) > _MOST_LINES else lines)


def legend_below(ax: Axes) -> None:
    """A legend under the axes, where it hides no line; very long labels are cut."""
    lines, labels = ax.get_legend_handles_labels()
    shown = [cut(text, _LONGEST) for text in labels]
    columns = 2 if max(map(len, shown), default=0) <= _LONGEST // 2 and len(shown) > 1 else 1
    figure = ax.get_figure(root=True)
    assert figure is not None  # noqa: S101  (axes are made on one)
    scale = figure.dpi_scale_trans
    ax.legend(
        lines,
        shown,
        frameon=False,
        fontsize="small",
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=ax.transAxes + ScaledTranslation(0, -_BELOW, scale),
        ncols=columns,
    )


def png(axes: Axes, dpi: int = 100) -> bytes:
    """The figure that the Axes belong to, as a PNG file."""
    file = io.BytesIO()
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101  (axes are made on one)
    lay_out(figure)
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()


def lay_out(figure: Figure) -> None:
    """Place what is on a figure, once and for all: with an engine, matplotlib draws it twice."""
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine(None)


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
    log_axis(ax.yaxis)
    plain_epochs(ax)
    ax.set_ylabel("mean squared error")
    ax.set_title("Loss (n = 1)", y=1.0)
    if solved is not None:
        ax.axvline(solved, color=COLOURS[2], ls="--", lw=1, label=f"solved at {solved:,}")
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
    return draw_surface(surface_of(predict, inputs), inputs, targets, ax)


def draw_surface(
    surface: npt.NDArray[np.floating],
    inputs: npt.NDArray[np.float64],
    targets: npt.NDArray[np.float64],
    ax: Axes,
    bar: Axes | None = None,
) -> Axes:
    """As `decision_surface`, of outputs from `xorlab.analysis.figures.surface.surface_of`.

    Args:
        surface: (Y, X) outputs on its grid.
        inputs: (P, 2) patterns.
        targets: (P, O).
        ax: where to draw.
        bar: where to draw the scale of the outputs; None for beside ``ax``.
    """
    axes = surface_axes(inputs)
    low, high = float(surface.min()), float(surface.max())
    # The scale of a network that answers the same everywhere would have levels a rounding apart.
    even = high - low < _LEAST_RANGE
    levels = (low + high) / 2 + (np.arange(22) - 10.5) * _LEAST_RANGE / 20 if even else 20
    image = ax.contourf(*axes, surface, levels=levels, cmap="cividis")
    scale = ax.figure.colorbar(image, cax=bar, ax=ax, label="output")
    if even:
        scale.set_ticks([low], labels=[f"{low:.2f}"])
    middle = (targets[:, 0].min() + targets[:, 0].max()) / 2
    for above, marker, face in ((False, "o", ON_LIGHT), (True, "s", "white")):
        some = inputs[(targets[:, 0] > middle) == above]
        ax.scatter(
            some[:, 0],
            some[:, 1],
            marker=marker,
            c=face,
            edgecolors="white" if face == ON_LIGHT else ON_LIGHT,
        )
    # Few and short numbers have the same room whatever the inputs are.
    ax.locator_params(nbins=5)
    ax.ticklabel_format(scilimits=(-3, 3))
    ax.set_xlabel("input 1")
    ax.set_ylabel("input 2")
    ax.set_title("Output (squares: high target)", fontsize="medium", y=1.0)
    return ax


def counts(statistics: pd.DataFrame) -> str:
    """Runs per setting: ``100``, or ``80 to 100``."""
    low, high = int(statistics["n"].min()), int(statistics["n"].max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
