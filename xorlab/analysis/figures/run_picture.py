"""The picture of one run: its loss, and what its network answers to any two inputs."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xorlab.analysis.figures.style import draw_surface, learning_curve, new_figure, png
from xorlab.analysis.figures.surface import Array

_HEIGHT = 4.0  # inches


def run_png(arrays: Mapping[str, Array]) -> bytes:
    """The picture of `xorlab.analysis.figures.surface.run_arrays`, as a PNG file."""
    has_surface = "surface" in arrays
    # Fixed places: to find a layout takes longer than to draw, and labels hardly differ in size.
    figure = new_figure(10.0 if has_surface else 5.5, _HEIGHT, layout=None)
    left = _axes(figure, 0.85, 3.85 if has_surface else 4.5)
    solved = int(arrays["solved"])
    learning_curve(arrays["steps"], arrays["loss"], None if solved < 0 else solved, left)
    if has_surface:
        right, bar = _axes(figure, 5.45, 3.5), _axes(figure, 9.1, 0.18)
        draw_surface(arrays["surface"], arrays["inputs"], arrays["targets"], right, bar)
    return png(left)


def _axes(figure: Figure, left: float, width: float) -> Axes:
    """Axes between these places, in inches, from the title's lower to the label's upper edge."""
    whole = figure.get_figwidth()
    return figure.add_axes((left / whole, 0.55 / _HEIGHT, width / whole, 3.1 / _HEIGHT))
