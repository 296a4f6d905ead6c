"""The grid of a landscape: the configuration of every pixel, trained like any other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from xorlab.config.values import with_values
from xorlab.errors import ConfigError, UsageError
from xorlab.landscapes.axis import Axis, axes_of
from xorlab.landscapes.plane_configs import PlaneConfigs
from xorlab.trainers.find import built_in
from xorlab.trainers.trainer import Data, Trainer


class Grid:
    """The configuration of every pixel. Pixels are numbered from the lower left, row by row.

    Args:
        config: with a landscape.
        data: what the trainer reads once for all pixels; None to read it.
        trainer: of the configuration; None for the built-in network.

    Attributes:
        trainer: of the configuration.
        x: the horizontal axis.
        y: the vertical axis.
        data: what the trainer has read.
        piece: number of pixels that are trained and recorded together; the last piece may have
            fewer.

    Raises:
        ConfigError: the configuration has no landscape, or one that cannot be trained.
    """

    def __init__(self, config: Any, data: Data = None, trainer: Trainer | None = None) -> None:
        self.trainer = trainer_or_built_in(trainer)
        if config.landscape.x is None:
            raise ConfigError("landscape.x", None, "the key that varies across the landscape")
        self.trainer.check(config)
        self.x, self.y = axes(config, self.trainer)
        self.data = self.trainer.data(config) if data is None else data
        planes = self.trainer.planes
        self._base, self._keys = planes.base(config, self.data)
        self._values = [self.x.settings, self.y.settings]
        self._check_values()
        some = max(planes.least_piece, -(-self.count // planes.most_pieces))
        self.piece = min(some, self.trainer.width(self.config(0), self.data), self.count)

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

    def config(self, pixel: int) -> Any:
        """The configuration of one pixel."""
        row, column = divmod(pixel, self.x.size)
        x, y = self._values
        return self._config(x[column], y[row])

    def configs(self, pixels: Iterable[int]) -> PlaneConfigs:
        """The configurations of some pixels, each made when it is asked for."""
        rows, columns = np.divmod(np.fromiter(pixels, np.int64), self.x.size)
        x, y = (
            np.array(values)[of] for values, of in zip(self._values, (columns, rows), strict=True)
        )
        return PlaneConfigs(self._base, dict(zip(self._keys, (x, y), strict=True)))

    def setting(self, pixel: int) -> str:
        """The values of the axes at one pixel, as they are typed."""
        row, column = divmod(pixel, self.x.size)
        x, y = self._values
        return f"{self.x.key}={x[column]} {self.y.key}={y[row]}"

    def _config(self, *values: float) -> Any:
        return with_values(self._base, dict(zip(self._keys, values, strict=True)))

    def _check_values(self) -> None:
        """Refuse what cannot be trained; of keys that depend on others, see the corners."""
        schema = self.trainer.schema
        fields = {leaf.key: leaf.item for leaf in schema.fields if leaf.key not in schema.owners}
        for key, values in zip(self._keys, self._values, strict=True):
            if key not in fields:
                continue
            metadata = fields[key].metadata
            for value in values:
                if not metadata["check"](value):
                    raise ConfigError(key, value, metadata["allowed"])
        for x in (self._values[0][0], self._values[0][-1]):
            for y in (self._values[1][0], self._values[1][-1]):
                self.trainer.check(self._config(x, y))


def trainer_or_built_in(trainer: Trainer | None) -> Trainer:
    """The trainer, or the built-in network where there is none.

    Raises:
        UsageError: there is no built-in network in this copy of the package.
    """
    found = built_in() if trainer is None else trainer
    if found is None:
        raise UsageError("this copy of xorlab has no built-in trainer: name one, as trainer=train")
    return found


def axes(config: Any, trainer: Trainer) -> tuple[Axis, Axis]:
    """The horizontal and the vertical axis of a configuration with a landscape."""
    varying, plane = trainer.planes.varying(config), config.landscape
    return axes_of(plane, (varying.get(plane.x, False), varying.get(plane.y, False)))


def zoomed(config: Any, x: float, y: float, factor: float, trainer: Trainer | None = None) -> Any:
    """The landscape of a smaller window, with as many pixels where its keys are not integers.

    Args:
        config: with a landscape.
        x: horizontal centre of the window.
        y: vertical centre of the window.
        factor: how many times smaller its sides are, on the scales of the axes.
        trainer: of the configuration; None for the built-in network.
    """
    window: dict[str, Any] = {}
    sides = ("width", "height")
    both = axes(config, trainer_or_built_in(trainer))
    for letter, side, axis, middle in zip("xy", sides, both, (x, y), strict=True):
        low, high = axis.zoomed(middle, factor)
        window |= {f"landscape.{letter}_low": low, f"landscape.{letter}_high": high}
        if axis.whole:
            window[f"landscape.{side}"] = min(axis.size, int(high - low) + 1)
    return with_values(config, window)
