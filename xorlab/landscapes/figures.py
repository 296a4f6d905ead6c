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

from xorlab.analysis.figures.style import new_axes
from xorlab.landscapes.grid import Axis
from xorlab.landscapes.landscape import Landscape
from xorlab.networks.initializers.given import Given
from xorlab.trainers.result import DIVERGED, OUTCOMES, SOLVED, UNSOLVED

# From fast (light) to slow (dark), so that slow networks stand out against white, unsolved ones.
_ORDERED = ListedColormap(colormaps["viridis"](np.linspace(0.95, 0.08, 256)), "viridis, part")
_OUTCOME_COLOURS = {SOLVED: "#0072B2", UNSOLVED: "#FFFFFF", DIVERGED: "#000000"}
_LABELS = {
    "epochs_to_solve": "epochs to solve",
    "final_loss": "mean squared error at the end",
    "outcome": "outcome",
}
_LOWEST, _HIGHEST = 1e-12, 1e12
_PLANE_INCHES = 5.2  # approximate size of the plane within a figure


def landscape_image(landscape: Landscape, ax: Axes | None = None, value: str | None = None) -> Axes:
    """The plane, each pixel coloured by how its network ended.

    Args:
        landscape: from `xorlab.landscape` or `xorlab.load_landscape`.
        ax: where to draw; None for a new figure.
        value: ``epochs_to_solve``, ``outcome`` or ``final_loss``; None for ``landscape.value``.

    Returns:
        the Axes. Diverged networks are black, and unsolved ones white except for ``final_loss``.
    """
    value = value or landscape.config.landscape.value
    ax = ax or new_axes(6.9, 6.0)
    diverged = np.equal(landscape.outcome, OUTCOMES.index(DIVERGED))
    shown = [name for name, share in landscape.shares().items() if share and name != SOLVED]
    if value == "outcome":
        colours = ListedColormap([_OUTCOME_COLOURS[name] for name in OUTCOMES])
        _paint(ax, landscape, landscape.outcome, colours, Normalize(-0.5, len(OUTCOMES) - 0.5))
        shown = [name for name, share in landscape.shares().items() if share]
    else:
        numbers = getattr(landscape, value).astype(float)
        hidden = diverged if value == "final_loss" else ~landscape.solved
        shown = [name for name in shown if value != "final_loss" or name == DIVERGED]
        _paint_ordered(ax, landscape, np.ma.masked_array(numbers, hidden), _LABELS[value])
        if diverged.any():
            black = ListedColormap([_OUTCOME_COLOURS[DIVERGED]])
            _paint(ax, landscape, np.ma.masked_array(diverged, ~diverged), black, Normalize(0, 1))
    _frame(ax, landscape)
    share = 100 * landscape.shares()[SOLVED]
    ax.set_title(f"{_LABELS[value].capitalize()}: {share:.1f} % solved (n = {diverged.size:,})")
    if shown:
        patches = [
            Patch(facecolor=_OUTCOME_COLOURS[name], edgecolor="grey", label=name) for name in shown
        ]
        # Below the axis label, for every size of the figure.
        below = ScaledTranslation(0, -0.42, ax.figure.dpi_scale_trans)
        ax.legend(
            handles=patches,
            loc="upper right",
            bbox_to_anchor=(1, 0),
            ncols=3,
            frameon=False,
            bbox_transform=ax.transAxes + below,
            borderaxespad=0,
        )
    return ax


def sharp_dpi(landscape: Landscape) -> int:
    """Dots per inch at which a figure of this landscape has at least one dot for each pixel."""
    return max(110, int(np.ceil(max(landscape.outcome.shape) / _PLANE_INCHES)))


def _paint_ordered(
    ax: Axes, landscape: Landscape, numbers: np.ma.MaskedArray[Any, Any], label: str
) -> None:
    """Paint numbers on a logarithmic scale, with a colour bar."""
    above = numbers.compressed()
    above = np.clip(above[above > 0], _LOWEST, _HIGHEST)  # colours cannot show a wider range
    low, high = (above.min(), above.max()) if above.size else (1.0, 1.0)
    norm = LogNorm(low, high if high > low else 1.01 * low, clip=True)
    image = _paint(ax, landscape, numbers, _ORDERED, norm)
    bar = ax.figure.colorbar(image, ax=ax, label=label, fraction=0.05)
    if high <= 100 * low:  # label minor ticks too: major ones are too few
        bar.ax.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(4, 0.5)))


def _paint(
    ax: Axes, landscape: Landscape, values: npt.NDArray[Any], cmap: Colormap, norm: Normalize
) -> Any:
    x, y = landscape.x, landscape.y
    if x.log or y.log:
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
    for axis, scale, label, limits in (
        (landscape.x, ax.set_xscale, ax.set_xlabel, ax.set_xlim),
        (landscape.y, ax.set_yscale, ax.set_ylabel, ax.set_ylim),
    ):
        if axis.log:
            scale("log")
        else:
            # After a zoom the tick labels are long.
            ax.locator_params(axis="x" if axis is landscape.x else "y", nbins=5)
        label(_axis_label(landscape, axis))
        limits(axis.low, axis.high)


def _axis_label(landscape: Landscape, axis: Axis) -> str:
    """The label of an axis: its key, and for a given weight its number too."""
    init = landscape.config.init
    letter = axis.key.removeprefix("init.")
    if isinstance(init, Given) and axis.key in ("init.x", "init.y"):
        numbers = [n for n, weight in enumerate(init.weights, 1) if weight == letter]
        return f"{axis.key} (weight {', '.join(map(str, numbers))})"
    return axis.key
