"""Logarithmic axes with plain numbers, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, Locator, NullLocator

Floats = npt.NDArray[np.float64]

_LEAST_TICKS, _MOST_TICKS = 3, 5  # of an axis of less than a power of ten
# Widths of a letter and between two numbers, and from one line to the next, in sizes of the type.
_LETTER, _GAP, _LINE = 0.6, 0.6, 2.0
_SPARSEST = 12  # powers of ten from one number to the next


def epochs_axis(ax: Axes, label: str) -> None:
    """Make the x axis logarithmic, as `log_axis` labels it."""
    ax.set_xscale("log")
    log_axis(ax.xaxis)
    ax.set_xlabel(label)


def log_axis(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, and powers of ten from a million on."""
    axis.set_major_locator(RoomyLocator(axis))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
    axis.set_minor_locator(NullLocator())


def _plain(value: float) -> str:
    if not 0 < value < np.inf:  # nothing is drawn on the axis
        return ""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    if -4 < exponent < 6:
        return f"{value:,.6g}"
    power = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = f"{value / 10.0**exponent:.3g}"
    return f"10{power}" if factor == "1" else f"{factor}·10{power}"


class RoomyLocator(Locator):
    """Where a logarithmic axis has its numbers: as many as stand apart from one another.

    Args:
        axis: the axis, or one of several that share their numbers and have the same size.
    """

    def __init__(self, axis: Axis) -> None:
        self._of = axis

    def __call__(self) -> Sequence[float]:
        """The numbers of the axis as it is now."""
        low, high = sorted(float(end) for end in self._of.get_view_interval())
        return self.tick_values(low, high)

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """The numbers of the axis between two ends."""
        if not 0 < vmin < vmax < np.inf:
            return []
        choices = list(_choices(vmin, vmax))
        fit = (ticks for ticks in choices if self._stand_apart(ticks, vmin, vmax))
        shown: list[float] = next(fit, choices[-1]).tolist()
        return shown

    def _stand_apart(self, ticks: Floats, low: float, high: float) -> bool:
        horizontal = isinstance(self._of, XAxis)
        axes = self._of.axes
        length = 72 * (axes.bbox.width if horizontal else axes.bbox.height) / axes.figure.dpi
        apart = length * np.diff(np.log(ticks)) / np.log(high / low)
        given = self._of.get_tick_params().get("labelsize")
        size = FontProperties(size=given).get_size_in_points()
        if not horizontal:
            return bool((apart >= _LINE * size).all())
        widths = _LETTER * size * np.array([len(_plain(tick)) for tick in ticks])
        return bool((apart >= (widths[1:] + widths[:-1]) / 2 + _GAP * size).all())


def _choices(low: float, high: float) -> Iterator[Floats]:
    """Numbers between two ends, from many to few."""
    decades = np.log10(high / low)
    exponents = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    powers = 10.0**exponents
    few = _within(np.outer(powers, [1.0, 2.0, 5.0]).ravel(), low, high)
    if decades < 2 and len(few) >= _LEAST_TICKS:
        yield few
    if decades < 1:  # powers of ten are too few
        yield from _even(low, high)
        return
    if decades < 3.5:
        yield _within(np.outer(powers, [1.0, 3.0]).ravel(), low, high)
    for stride in range(1, _SPARSEST + 1):
        yield _within(powers[exponents % stride == 0], low, high)


def _even(low: float, high: float) -> Iterator[Floats]:
    """Multiples of 1, 2 or 5 times a power of ten, down to one of them."""
    first = np.floor(np.log10(high - low)) - 1
    for step in np.outer(10.0 ** np.arange(first, first + 4), [1.0, 2.0, 5.0]).ravel():
        ticks = np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step
        if 1 <= len(ticks) <= _MOST_TICKS:
            yield ticks


def _within(ticks: Floats, low: float, high: float) -> Floats:
    return ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))]
