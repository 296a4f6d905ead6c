"""A figure of a page: as SVG in the colours and type of the page, and as a PNG file."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from textwrap import shorten
from typing import Any, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xorlab.analysis.figures.style import lay_out

T = TypeVar("T")

WIDTH = 5.2  # inches: all figures of a page are as wide, so that their type has one size
_DPI = 140  # of PNG files
_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#808080",
    "xtick.color": "#808080",
    "ytick.color": "#808080",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign of a user is a dollar sign
    "svg.fonttype": "none",  # text stays text: it has the page's type, and can be searched
}
_HEAD = re.compile(r"^.*?(?=<svg )", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_SIZE = re.compile(r' (?:width|height)="[^"]*pt"')
_IDENTIFIER = re.compile(r' id="([^"]*)"')
_PATH = re.compile(r' d="[^"]*"')
_DIGITS = re.compile(r"(\.\d\d)\d+")
_FONT = re.compile(r"'DejaVu Sans'[^;\"]*")


@contextmanager
def page_style() -> Iterator[None]:
    """Draw in the style of the page inside the block."""
    with mpl.rc_context(_STYLE):
        yield


@dataclass(frozen=True, eq=False)
class Picture:
    """One figure of a page, drawn in the style of the page when it is asked for.

    One that cannot be drawn says so in its place and as a warning: what was measured, and the
    other figures, do not depend on it.

    Attributes:
        name: of its PNG file.
        caption: what it shows, and how to read it; empty for a figure that a page leaves out.
        draw: the function that draws it.
    """

    name: str
    caption: str
    draw: Callable[[], Axes | Figure]

    @cached_property
    def svg(self) -> str:
        """The figure as an element of a page.

        Black is the colour of the text around it, and nothing is behind it, so that it fits a
        light page and a dark one.
        """
        return self._saved(lambda figure: _svg(figure, self.name))

    @cached_property
    def png(self) -> bytes:
        """The figure as a file."""
        return self._saved(_png)

    def _saved(self, save: Callable[[Figure], T]) -> T:
        with page_style():
            try:
                return save(self._figure)
            except Exception as error:
                reason = f"{self.name} was not drawn: {type(error).__name__}: {error}"
                warnings.warn(reason, stacklevel=2)
                figure = Figure(figsize=(WIDTH, 0.6))
                figure.text(0.01, 0.5, shorten(reason, 75), va="center")
                return save(figure)

    @cached_property
    def _figure(self) -> Figure:
        drawn = self.draw()
        figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
        assert figure is not None  # noqa: S101  (axes are made on one)
        lay_out(figure)  # once, for every format
        return figure


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI)
    return file.getvalue()


def _svg(figure: Figure, name: str) -> str:
    text = io.StringIO()
    # Identifiers that are the same in every figure would refer to the first one of the page.
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = _METADATA.sub("", _HEAD.sub("", text.getvalue(), count=1), count=1)
    used = set(re.findall(r"#([\w.-]+)", svg))
    svg = _IDENTIFIER.sub(lambda found: found[0] if found[1] in used else "", svg)
    svg = _SIZE.sub("", svg, count=2)  # as wide as its column; the view box has the proportions
    svg = _PATH.sub(lambda found: _DIGITS.sub(r"\1", found[0]), svg)  # hundredths of a point
    return _FONT.sub("var(--sans)", svg.replace("#000000", "currentColor"))
