"""The axes of a landscape: which value of a key stands where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.config.landscape_keys import AnyLandscape
from xorlab.errors import ConfigError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """One axis of a landscape.

    Cells have equal size between two edges, and the value of a cell is its middle. For a key of
    integers the first and the last cell stand for the two ends themselves, those between for the
    nearest integers, and the edges lie half way between neighbours.

    Attributes:
        key: the configuration key that varies, or weight.N.
        low: the lower edge of the first cell; its integer, for a key of integers.
        high: the upper edge of the last cell; its integer, for a key of integers.
        log: whether cells have equal size on a logarithmic scale.
        size: number of cells.
        whole: whether the key has integers.
    """

    key: str
    low: float
    high: float
    log: bool
    size: int
    whole: bool = False

    @property
    def edges(self) -> Floats:
        """(size + 1,) the edges of the cells, ascending."""
        if not self.whole:
            return self._at(np.arange(self.size + 1) / self.size)
        # Beyond the ends as far as the neighbour on the other side; on the scale of the axis.
        scale, back = (np.log, np.exp) if self.log else (np.asarray, np.asarray)
        middles = scale(self.values)
        if self.size == 1:
            half = scale(self.values + 0.5) - middles
            return np.asarray(back(np.array([middles[0] - half[0], middles[0] + half[0]])))
        between = (middles[1:] + middles[:-1]) / 2
        first, last = 2 * middles[0] - between[0], 2 * middles[-1] - between[-1]
        return np.asarray(back(np.array([first, *between, last])), np.float64)

    @property
    def values(self) -> Floats:
        """(size,) the value of each cell, ascending."""
        if self.whole:
            return np.rint(self._at(np.linspace(0, 1, self.size)))
        return self._at((np.arange(self.size) + 0.5) / self.size)

    @property
    def settings(self) -> list[float]:
        """The values as a configuration takes them."""
        return [int(value) if self.whole else float(value) for value in self.values]

    @property
    def ends(self) -> tuple[float, float]:
        """The outer edges."""
        if not self.whole:
            return self.low, self.high
        edges = self.edges
        return float(edges[0]), float(edges[-1])

    def zoomed(self, middle: float, factor: float) -> tuple[float, float]:
        """The ends of a window around a value that is so many times smaller, on this scale."""
        if self.log:
            reach = (self.high / self.low) ** (0.5 / factor)
            low, high = middle / reach, middle * reach
        else:
            half = (self.high - self.low) / (2 * factor)
            low, high = middle - half, middle + half
        if not self.whole:
            return float(low), float(high)
        least = float(max(self.low, np.floor(low)))
        return least, float(max(least + 1, min(self.high, np.ceil(high))))

    def _at(self, share: Floats) -> Floats:
        if not self.log:
            return self.low + (self.high - self.low) * share
        return np.asarray(self.low * (self.high / self.low) ** share, np.float64)


def axes_of(plane: AnyLandscape, whole: tuple[bool, bool] = (False, False)) -> tuple[Axis, Axis]:
    """The horizontal and the vertical axis of a plane that is complete.

    Args:
        plane: the section of a configuration.
        whole: whether the key of each has integers.

    Raises:
        ConfigError: more pixels than there are integers.
    """
    x = _axis(plane, "x", "width", whole[0])
    return x, _axis(plane, "y", "height", whole[1])


def _axis(plane: AnyLandscape, letter: str, side: str, whole: bool) -> Axis:
    low, high, scale = (getattr(plane, f"{letter}_{name}") for name in ("low", "high", "scale"))
    size = getattr(plane, side)
    log = scale == "log"
    axis = Axis(str(getattr(plane, letter)), float(low), float(high), log, size, whole)
    if whole and not _distinct(axis):
        most = min(size, int(high - low) + 1)
        while not _distinct(Axis(axis.key, axis.low, axis.high, log, most, True)):
            most -= 1
        raise ConfigError(
            f"landscape.{side}",
            size,
            f"at most {most}: {axis.key} is an integer from {low:g} to {high:g}"
            + (" on a log scale" if log else ""),
        )
    return axis


def _distinct(axis: Axis) -> bool:
    return bool((np.diff(axis.values) > 0).all())
