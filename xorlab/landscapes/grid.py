"""The plane of a landscape: from pixels to configurations that are trained like any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.config.landscape_rules import weight_number
from xorlab.config.rules import check
from xorlab.config.schema import Config, LandscapeConfig
from xorlab.config.values import with_values
from xorlab.errors import ConfigError
from xorlab.networks.initializers import flat_weights, initial_layers, wiring_of
from xorlab.networks.tasks.tasks import Task, make_task
from xorlab.networks.train import chunk_width, layer_sizes

Floats = npt.NDArray[np.float64]

_LEAST, _MOST_PIECES = 512, 16


@dataclass(frozen=True)
class Axis:
    """One side of the plane: equal cells between two edges.

    Attributes:
        key: what varies, as configured.
        low, high: the edges.
        log: whether cells are equal in the logarithm.
        size: how many cells.
    """

    key: str
    low: float
    high: float
    log: bool
    size: int

    @property
    def edges(self) -> Floats:
        """(size + 1,) where cells meet, ascending."""
        return self._at(np.arange(self.size + 1) / self.size)

    @property
    def values(self) -> Floats:
        """(size,) the middle of each cell, ascending."""
        return self._at((np.arange(self.size) + 0.5) / self.size)

    def _at(self, share: Floats) -> Floats:
        if not self.log:
            return self.low + (self.high - self.low) * share
        return np.asarray(self.low * (self.high / self.low) ** share, np.float64)


class Grid:
    """Every pixel's configuration. Pixels count from the lower left, row after row.

    A weight.N axis is one of given weights: those that the base's initialiser draws, with the
    N-th in the axis' place.

    Args:
        config: with a landscape.
        task: what every network learns; None to make it.

    Attributes:
        x, y: the axes.
        task: what every network learns.
        piece: how many pixels are trained and recorded at a time; the last piece may be smaller.

    Raises:
        ConfigError: there is no landscape in the configuration, or one that cannot be trained.
    """

    def __init__(self, config: Config, task: Task | None = None) -> None:
        if config.landscape.x is None:
            raise ConfigError("landscape.x", None, "the key that varies across the landscape")
        check(config)
        self.x, self.y = axes(config)
        self.task = make_task(config.task) if task is None else task
        # Only the end of a run counts here; where runs end early the others move together at
        # recorded steps.
        every = -(-config.training.epochs // (16 if config.training.stop_when_solved else 1))
        plain = replace(config, landscape=LandscapeConfig())
        base = with_values(plain, {"training.record_every": every})
        self._base, self._keys = self._prepare(base)
        self._values = [self.x.values.tolist(), self.y.values.tolist()]
        self._check_corners()
        some = max(_LEAST, -(-self.count // _MOST_PIECES))
        self.piece = min(some, chunk_width(self.config(0), self.task), self.count)

    @property
    def count(self) -> int:
        """How many pixels there are."""
        return self.x.size * self.y.size

    @property
    def shape(self) -> tuple[int, int]:
        """Pixels up, pixels across: the shape of the arrays."""
        return self.y.size, self.x.size

    @property
    def pieces(self) -> range:
        """Numbers of the pieces."""
        return range(-(-self.count // self.piece))

    def pixels(self, piece: int) -> range:
        """The pixels of one piece."""
        return range(piece * self.piece, min(self.count, (piece + 1) * self.piece))

    def config(self, pixel: int) -> Config:
        """The configuration of one pixel, which `xorlab.train` trains as any other."""
        return self._config(
            *(
                values[at]
                for values, at in zip(
                    self._values, (pixel % self.x.size, pixel // self.x.size), strict=True
                )
            )
        )

    def configs(self, pixels: Iterable[int]) -> list[Config]:
        """The configurations of some pixels; they share the sections that no axis touches."""
        return [self.config(pixel) for pixel in pixels]

    def _config(self, *values: float) -> Config:
        return with_values(self._base, dict(zip(self._keys, values, strict=True)))

    def _prepare(self, base: Config) -> tuple[Config, list[str]]:
        """The base made ready for the axes, and the key that each of them sets in it."""
        keys: list[str] = []
        weights: dict[int, str] = {}
        for letter, key in zip("xy", (self.x.key, self.y.key), strict=True):
            number = weight_number(key)
            keys.append(key if number is None else f"init.{letter}")
            if number is not None:
                weights[number] = letter
        return (with_values(base, _given(base, self.task, weights)) if weights else base), keys

    def _check_corners(self) -> None:
        # Whatever is allowed for a number lies between two bounds: so four corners speak for all.
        for x in (self._values[0][0], self._values[0][-1]):
            for y in (self._values[1][0], self._values[1][-1]):
                check(self._config(x, y))


def axes(config: Config) -> tuple[Axis, Axis]:
    """The two axes of a configured landscape, whose plane `check` has passed."""
    told = config.landscape
    return _axis(told, "x", told.width), _axis(told, "y", told.height)


def zoomed(config: Config, x: float, y: float, factor: float) -> Config:
    """The landscape of a smaller window, with as many pixels.

    Args:
        config: with a landscape.
        x: the middle of the window, across.
        y: the middle of the window, up.
        factor: how many times smaller its sides are, on the axes' scales.
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


def _axis(told: LandscapeConfig, letter: str, size: int) -> Axis:
    values: dict[str, Any] = {
        name: getattr(told, f"{letter}_{name}") for name in ("low", "high", "scale")
    }
    return Axis(
        key=str(getattr(told, letter)),
        low=float(values["low"]),
        high=float(values["high"]),
        log=values["scale"] == "log",
        size=size,
    )


def _given(base: Config, task: Task, named: dict[int, str]) -> dict[str, Any]:
    """The weights that the base draws, as given ones, some of them named."""
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
