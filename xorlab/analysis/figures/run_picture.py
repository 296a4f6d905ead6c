"""The picture of one run: its loss, and what its network answers to any two inputs.

As a command it reads the arrays of `xorlab.analysis.figures.surface.run_arrays` from its input, an
npz file, and writes the PNG file to its output. It imports matplotlib before it reads, so that the
process that starts it can compute the arrays meanwhile.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping

import numpy as np

from xorlab.analysis.figures.style import draw_surface, learning_curve, new_figure, png
from xorlab.analysis.figures.surface import Array


def run_png(arrays: Mapping[str, Array]) -> bytes:
    """The picture of `xorlab.analysis.figures.surface.run_arrays`, as a PNG file."""
    has_surface = "surface" in arrays
    figure = new_figure(10 if has_surface else 5.5, 4)
    left, *right = figure.subplots(1, 2 if has_surface else 1, squeeze=False)[0]
    solved = int(arrays["solved"])
    learning_curve(arrays["steps"], arrays["loss"], None if solved < 0 else solved, left)
    if has_surface:
        draw_surface(arrays["surface"], arrays["inputs"], arrays["targets"], right[0])
    return png(left)


def main() -> None:
    """Draw what comes in; nothing, where nothing comes."""
    content = sys.stdin.buffer.read()
    if content:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            picture = run_png(dict(arrays))
        sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
