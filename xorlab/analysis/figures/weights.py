"""The weights of one network, as a picture with numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from xorlab.analysis.figures.style import ON_LIGHT, new_figure

_MOST_LABELLED = 150  # numbers in a matrix; more would not be legible


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
    widths = [1.4 + 0.5 * min(layer.shape[1], 12) for layer in layers]
    figure = new_figure(min(1.0 + sum(widths), 12.0), 4.0)
    axes = figure.subplots(1, len(layers), squeeze=False, width_ratios=widths)[0]
    colours = ScalarMappable(Normalize(-largest, largest), "PuOr")
    for number, (ax, layer) in enumerate(zip(axes, layers, strict=True)):
        ax.imshow(layer, cmap=colours.cmap, norm=colours.norm, aspect="auto")
        last = number == len(layers) - 1
        ax.set_title("into the outputs" if last else f"into hidden layer {number + 1}", fontsize=10)
        ax.set_xticks(range(layer.shape[1]), [str(n + 1) for n in range(layer.shape[1])])
        names = [str(n + 1) for n in range(len(layer) - 1)]
        ax.set_yticks(range(len(layer)), [*names, "bias"])
        ax.set_xlabel("unit")
        ax.set_ylabel("input" if number == 0 else "hidden unit")
        if layer.size <= _MOST_LABELLED:
            for (row, column), value in np.ndenumerate(layer):
                dark = abs(value) > 0.6 * largest
                ax.text(
                    column,
                    row,
                    f"{value:.2g}",
                    ha="center",
                    va="center",
                    fontsize="small",
                    color="white" if dark else ON_LIGHT,
                )
    figure.colorbar(colours, ax=list(axes), label="weight")
    return figure
