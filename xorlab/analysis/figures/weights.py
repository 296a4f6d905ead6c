"""The weights of one network, as a picture with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import numpy.typing as npt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from xorlab.analysis.figures.picture import WIDTH
from xorlab.analysis.figures.style import ON_LIGHT, new_figure

# In points: what is beside the cells, once and for each layer; the least width of a cell with its
# number, and the least distance of numbers below the cells.
_SCALE, _NAMES, _LABELLED, _LEAST_APART = 75.0, 42.0, 24.0, 13.0
_MOST_ROWS = 20  # with a number each
_MOST_WIDE = 12  # units; a layer of more is not wider
_NARROW = 90.0  # points; the title of a layer that is narrower is in two lines


def weight_matrices(
    weights: Sequence[npt.NDArray[np.floating]], biases: Sequence[npt.NDArray[np.floating]]
) -> Figure:
    """Every layer as a matrix: a row for each input and one for the biases, a column per unit.

    Args:
        weights: one (fan_in, fan_out) per layer.
        biases: one (fan_out,) per layer.
    """
    layers = [np.vstack([w, b]) for w, b in zip(weights, biases, strict=True)]
    finite = [abs(float(v)) for layer in layers for v in layer.ravel() if np.isfinite(v)]
    largest = max(finite, default=1.0) or 1.0
    widths = [1.4 + 0.5 * min(layer.shape[1], _MOST_WIDE) for layer in layers]
    room = max(72 * WIDTH - _SCALE - _NAMES * len(layers), 1.0)
    figure = new_figure(WIDTH, 4.0)
    axes = figure.subplots(1, len(layers), squeeze=False, width_ratios=widths)[0]
    colours = ScalarMappable(Normalize(-largest, largest), "PuOr")
    for number, (ax, layer) in enumerate(zip(axes, layers, strict=True)):
        ax.imshow(layer, cmap=colours.cmap, norm=colours.norm, aspect="auto")
        last = number == len(layers) - 1
        units, inputs = layer.shape[1], len(layer) - 1
        wide = room * widths[number] / sum(widths)
        cell = wide / units
        title = "into the outputs" if last else f"into hidden layer {number + 1}"
        ax.set_title(title if wide >= _NARROW else title.replace(" ", "\n", 1))
        across = range(0, units, ceil(_LEAST_APART / cell))
        ax.set_xticks(across, [str(n + 1) for n in across])
        down = range(0, inputs, ceil(inputs / _MOST_ROWS) if inputs else 1)
        ax.set_yticks([*down, inputs], [*(str(n + 1) for n in down), "bias"])
        ax.set_xlabel("unit")
        ax.set_ylabel("input" if number == 0 else "hidden unit")
        if cell >= _LABELLED and len(layer) <= _MOST_ROWS:
            for (row, column), value in np.ndenumerate(layer):
                dark = abs(value) > 0.6 * largest
                ax.text(
                    column,
                    row,
                    _short(float(value)),
                    ha="center",
                    va="center",
                    fontsize="small",
                    color="white" if dark else ON_LIGHT,
                )
    figure.colorbar(colours, ax=list(axes), label="weight")
    return figure


def _short(value: float) -> str:
    """A weight in at most five letters, where it has fewer than five digits before the point."""
    size = abs(value)
    return (
        f"{round(value, 2) + 0.0:.2f}"
        if size < 9.995
        else f"{value:.0f}"
        if size < 9999.5
        else f"{value:.0e}"
    )
