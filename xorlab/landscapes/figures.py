"""Pictures of landscapes: the colour of a pixel shows how its network ended."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from matplotlib.patches import Patch
from matplotlib.ticker import LogFormatter
from matplotlib.transforms import ScaledTranslation

from xorlab.analysis.figures.log_axes import log_axis
from xorlab.analysis.figures.style import new_axes
from xorlab.landscapes.landscape import RAISED, Landscape, outcome_words
from xorlab.trainers.result import DIVERGED, OUTCOMES, SOLVED, UNSOLVED
from xorlab.trainers.shard_result import FAILED

# From fast (light) to slow (dark), so that slow networks stand out against white, unsolved ones.
_ORDERED = ListedColormap(colormaps["viridis"](np.linspace(0.95, 0.08, 256)), "viridis, part")
_OUTCOME_COLOURS = {
    RAISED: "#D55E00",
    SOLVED: "#0072B2",
    UNSOLVED: "#FFFFFF",
    DIVERGED: "#000000",
}
_LOWEST, _HIGHEST = 1e-12, 1e12
_PLANE_INCHES = 5.2  # approximate size of the plane within a figure
_MOST_TICKS = 10  # of an axis of integers: one for each


def landscape_image(landscape: Landscape, ax: Axes | None = None, value: str | None = None) -> Axes:
    """The plane, each pixel coloured by how its run ended.

    Args:
        landscape: from `xorlab.landscape` or `xorlab.load_landscape`.
        ax: where to draw; None for a new figure.
        value: ``epochs_to_solve``, ``outcome``, or one of ``landscape.metrics``; None for
            ``landscape.value``.

    Returns:
        the Axes. Diverged runs are black, those that raised an error orange, and where times are
        shown, runs without one are white.

    Raises:
        UsageError: there is no such value.
    """
    value = value or landscape.value
    numbers = landscape.numbers(value).astype(float)
    ax = ax or new_axes(6.9, 6.0)
    shares = {name: share for name, share in landscape.shares().items() if share}
    if value == "outcome":
        names = [*([RAISED] if RAISED in shares else []), *OUTCOMES]
        colours = ListedColormap([_OUTCOME_COLOURS[name] for name in names])
        norm = Normalize(len(OUTCOMES) - len(names) - 0.5, len(OUTCOMES) - 0.5)
        _paint(ax, landscape, landscape.outcome, colours, norm)
        shown = list(shares)
    else:
        times = value.startswith("epochs_to_")
        hidden = ~landscape.solved if value == "epochs_to_solve" else np.isnan(numbers)
        white = UNSOLVED if value == "epochs_to_solve" else ""
        shown = [name for name in shares if name in (white, DIVERGED, RAISED)]
        log = times or value == "epochs_run" or "loss" in value
        label = landscape.value_label(value)
        _paint_ordered(ax, landscape, np.ma.masked_array(numbers, hidden), label, log)
        for name, code in ((DIVERGED, OUTCOMES.index(DIVERGED)), (RAISED, FAILED)):
            if name in shares:
                there = np.equal(landscape.outcome, code)
                one = ListedColormap([_OUTCOME_COLOURS[name]])
                _paint(ax, landscape, np.ma.masked_array(there, ~there), one, Normalize(0, 1))
    _frame(ax, landscape)
    share, label = 100 * landscape.shares()[SOLVED], landscape.value_label(value)
    title = f"{label[:1].upper()}{label[1:]}: {share:.1f} % solved (n = {numbers.size:,})"
    ax.set_title(title)
    if shown:
        patches = [
            Patch(facecolor=_OUTCOME_COLOURS[name], edgecolor="grey", label=outcome_words(name))
            for name in shown
        ]
        # Below the axis label, for every size of the figure.
        below = ScaledTranslation(0, -0.42, ax.figure.dpi_scale_trans)
        ax.legend(
            handles=patches,
            loc="upper right",
            bbox_to_anchor=(1, 0),
            ncols=len(OUTCOMES),
            frameon=False,
            bbox_transform=ax.transAxes + below,
            borderaxespad=0,
        )
    return ax


def sharp_dpi(landscape: Landscape) -> int:
    """Dots per inch at which a figure of this landscape has at least one dot for each pixel."""
    return max(110, int(np.ceil(max(landscape.outcome.shape) / _PLANE_INCHES)))


def _paint_ordered(
    ax: Axes, landscape: Landscape, numbers: np.ma.MaskedArray[Any, Any], label: str, log: bool
) -> None:
    """Paint numbers, on a logarithmic scale or a linear one, with a colour bar."""
    above = numbers.compressed()
    if not log:
        ends = (above.min(), above.max()) if above.size else (0.0, 1.0)
        image = _paint(ax, landscape, numbers, _ORDERED, Normalize(*ends))
        ax.figure.colorbar(image, ax=ax, label=label, fraction=0.05)
        return
    above = np.clip(above[above > 0], _LOWEST, _HIGHEST)  # colours cannot show a wider range
    low, high = (above.min(), above.max()) if above.size else (1.0, 1.0)
    norm = LogNorm(low, high if high > low else 1.01 * low, clip=True)
    image = _paint(ax, landscape, numbers, _ORDERED, norm)
    bar = ax.figure.colorbar(image, ax=ax, label=label, fraction=0.05)
    if high <= 100 * low:  # label minor ticks too: major ones are too few
        bar.ax.yaxis.set_major_formatter(LogFormatter())  # both as 60, not one of them as 10^2
        bar.ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(4, 0.5)))
    else:
        log_axis(bar.ax.yaxis)


def _paint(
    ax: Axes, landscape: Landscape, values: npt.NDArray[Any], cmap: Colormap, norm: Normalize
) -> Any:
    x, y = landscape.x, landscape.y
    if x.log or y.log or x.whole or y.whole:
        return ax.pcolormesh(x.edges, y.edges, values, cmap=cmap, norm=norm, rasterized=True)
    return ax.imshow(
        values,
        cmap=cmap,
        norm=norm,
        origin="lower",
        extent=(x.low, x.high, y.low, y.high),
        interpolation="nearest",
        aspect="auto",
    )


def _frame(ax: Axes, landscape: Landscape) -> None:
    for axis, scale, label, limits, ticks in (
        (landscape.x, ax.set_xscale, ax.set_xlabel, ax.set_xlim, ax.set_xticks),
        (landscape.y, ax.set_yscale, ax.set_ylabel, ax.set_ylim, ax.set_yticks),
    ):
        if axis.log:
            scale("log")
            log_axis(ax.xaxis if axis is landscape.x else ax.yaxis)
        else:
            # After a zoom the tick labels are long.
            ax.locator_params(axis="x" if axis is landscape.x else "y", nbins=5)
        if axis.whole and axis.size <= _MOST_TICKS:
            ticks(axis.settings, labels=list(map(str, axis.settings)))
            ticks([], minor=True)
        label(landscape.label(axis))
        limits(*axis.ends)
