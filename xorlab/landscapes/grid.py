"""The grid of a landscape: the configuration of every pixel, trained like any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.config.values import with_values
from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import flat_weights, initial_layers, wiring_of
from xorlab.networks.landscape_config import LandscapeConfig
from xorlab.networks.landscape_rules import weight_number
from xorlab.networks.rules import check
from xorlab.networks.target_rules import check_targets
from xorlab.networks.tasks.tasks import Task, make_task
from xorlab.networks.train import chunk_width, layer_sizes

Floats = npt.NDArray[np.float64]

# A landscape is cut into 16 pieces, but a piece has at least 512 pixels if memory allows.
_LEAST_PIECE, _MOST_PIECES = 512, 16


@dataclass(frozen=True)
class Axis:
    """One axis of a landscape: cells of equal size between two edges.

    Attributes:
        key: the configuration key that varies, or weight.N.
        low: the lower edge of the first cell.
        high: the upper edge of the last cell.
        log: whether cells have equal size on a logarithmic scale.
        size: number of cells.
    """

    key: str
    low: float
    high: float
    log: bool
    size: int

    @property
    def edges(self) -> Floats:
        """(size + 1,) the edges of the cells, ascending."""
        return self._at(np.arange(self.size + 1) / self.size)

    @property
    def values(self) -> Floats:
        """(size,) the centre of each cell, ascending."""
        return self._at((np.arange(self.size) + 0.5) / self.size)

    def _at(self, share: Floats) -> Floats:
        if not self.log:
            return self.low + (self.high - self.low) * share
        return np.asarray(self.low * (self.high / self.low) ** share, np.float64)


class Grid:
    """The configuration of every pixel. Pixels are numbered from the lower left, row by row.

    With an axis weight.N the other weights are fixed at the values that the configured initialiser
    draws, and the N-th takes the values of the axis.

    Args:
        config: with a landscape.
        task: the patterns that every network learns; None to make the configured task.

    Attributes:
        x: the horizontal axis.
        y: the vertical axis.
        task: the patterns that every network learns.
        piece: number of pixels that are trained and recorded together; the last piece may have
            fewer.

    Raises:
        ConfigError: the configuration has no landscape, or one that cannot be trained.
    """

    def __init__(self, config: Config, task: Task | None = None) -> None:
        if config.landscape.x is None:
            raise ConfigError("landscape.x", None, "the key that varies across the landscape")
        check(config)
        self.x, self.y = axes(config)
        self.task = make_task(config.task) if task is None else task
        if not any(axis.key.startswith("training.") for axis in (self.x, self.y)):
            check_targets(config, self.task)
        # Curves are not kept, so few steps are recorded. But batches are repacked at recorded
        # steps, which saves time if runs end early.
        every = -(-config.training.epochs // (16 if config.training.stop_when_solved else 1))
        plain = replace(config, landscape=LandscapeConfig())
        base = with_values(plain, {"training.record_every": every})
        self._base, self._keys = self._prepare(base)
        self._values = [self.x.values.tolist(), self.y.values.tolist()]
        self._check_corners()
        some = max(_LEAST_PIECE, -(-self.count // _MOST_PIECES))
        self.piece = min(some, chunk_width(self.config(0), self.task), self.count)

    @property
    def count(self) -> int:
        """The number of pixels."""
        return self.x.size * self.y.size

    @property
    def shape(self) -> tuple[int, int]:
        """The shape (H, W) of the arrays: pixels vertically, then horizontally."""
        return self.y.size, self.x.size

    @property
    def pieces(self) -> range:
        """The numbers of the pieces."""
        return range(-(-self.count // self.piece))

    def pixels(self, piece: int) -> range:
        """The pixels of one piece, by number."""
        return range(piece * self.piece, min(self.count, (piece + 1) * self.piece))

    def config(self, pixel: int) -> Config:
        """The configuration of one pixel, for `xorlab.train`."""
        row, column = divmod(pixel, self.x.size)
        x, y = self._values
        return self._config(x[column], y[row])

    def configs(self, pixels: Iterable[int]) -> list[Config]:
        """The configurations of some pixels; they share the sections in which no axis varies."""
        return [self.config(pixel) for pixel in pixels]

    def _config(self, *values: float) -> Config:
        return with_values(self._base, dict(zip(self._keys, values, strict=True)))

    def _prepare(self, base: Config) -> tuple[Config, list[str]]:
        """The configuration, with given weights if an axis needs them, and the key of each axis."""
        keys: list[str] = []
        weights: dict[int, str] = {}
        for letter, key in zip("xy", (self.x.key, self.y.key), strict=True):
            number = weight_number(key)
            keys.append(key if number is None else f"init.{letter}")
            if number is not None:
                weights[number] = letter
        return (with_values(base, _given(base, self.task, weights)) if weights else base), keys

    def _check_corners(self) -> None:
        # The allowed values of a number are an interval, so it is enough to check the corners.
        for x in (self._values[0][0], self._values[0][-1]):
            for y in (self._values[1][0], self._values[1][-1]):
                check(self._config(x, y))


def axes(config: Config) -> tuple[Axis, Axis]:
    """The horizontal and the vertical axis of a configuration with a landscape."""
    section = config.landscape
    return _axis(section, "x", section.width), _axis(section, "y", section.height)


def zoomed(config: Config, x: float, y: float, factor: float) -> Config:
    """The landscape of a smaller window, with as many pixels.

    Args:
        config: with a landscape.
        x: horizontal centre of the window.
        y: vertical centre of the window.
        factor: how many times smaller its sides are, on the scales of the axes.
    """
    window: dict[str, float] = {}
    for letter, axis, middle in zip("xy", axes(config), (x, y), strict=True):
        if axis.log:
            reach = (axis.high / axis.low) ** (0.5 / factor)
            low, high = middle / reach, middle * reach
        else:
            half = (axis.high - axis.low) / (2 * factor)
            low, high = middle - half, middle + half
        window |= {f"landscape.{letter}_low": float(low), f"landscape.{letter}_high": float(high)}
    return with_values(config, window)


def _axis(section: LandscapeConfig, letter: str, size: int) -> Axis:
    values: dict[str, Any] = {
        name: getattr(section, f"{letter}_{name}") for name in ("low", "high", "scale")
    }
    return Axis(
        key=str(getattr(section, letter)),
        low=float(values["low"]),
        high=float(values["high"]),
        log=values["scale"] == "log",
        size=size,
    )


def _given(base: Config, task: Task, named: dict[int, str]) -> dict[str, Any]:
    """Overrides that fix the drawn weights, with the names x and y for those that vary."""
    drawn = initial_layers(base, layer_sizes(base, task))
    weights: list[Any] = list(flat_weights(drawn, wiring_of(base)))
    for number, letter in named.items():
        if number > len(weights):
            raise ConfigError(
                f"landscape.{letter}",
                f"weight.{number}",
                f"one of weight.1 to weight.{len(weights)}: the network has no more",
            )
        weights[number - 1] = letter
    values = {f"init.{letter}": 0.0 for letter in named.values()}
    return {"init": "given", "init.weights": weights, **values}
