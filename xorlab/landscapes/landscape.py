"""Landscapes: one network trained for every pixel of a plane, and how each of them ended."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.engines.wire import pack_configs, unpack_configs
from xorlab.landscapes.grid import Axis, Grid, axes, zoomed
from xorlab.networks.config import Config
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import shard_key, train_chunk
from xorlab.networks.trainer import TRAINER
from xorlab.trainers.result import OUTCOMES, SOLVED

_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, eq=False)
class Landscape:
    """How each network of a plane ended. Row 0 is the lowest y, column 0 the lowest x.

    Attributes:
        config: what the networks share, and the axes of the plane.
        outcome: (H, W) int8, index into `xorlab.trainers.result.OUTCOMES`: 0 solved, 1 unsolved,
            2 diverged.
        epochs_to_solve: (H, W) int32, the step at which each was first solved; -1 if never.
        final_loss: (H, W) float64, mean squared error at the end; NaN if diverged.
        run_id: of the MLflow run that recorded it; None if it was not recorded.
    """

    config: Config
    outcome: npt.NDArray[np.int8]
    epochs_to_solve: npt.NDArray[np.int32]
    final_loss: npt.NDArray[np.float64]
    run_id: str | None = None

    @property
    def x(self) -> Axis:
        """The horizontal axis; ``x.values`` (W,) and ``x.edges`` (W + 1,) of the pixels."""
        return axes(self.config)[0]

    @property
    def y(self) -> Axis:
        """The vertical axis; ``y.values`` (H,) and ``y.edges`` (H + 1,) of the pixels."""
        return axes(self.config)[1]

    @property
    def solved(self) -> npt.NDArray[np.bool_]:
        """(H, W) whether each network solved the task."""
        return np.equal(self.outcome, _CODES[SOLVED])

    def shares(self) -> dict[str, float]:
        """The share of the networks with each outcome, by name."""
        return {name: float(np.mean(self.outcome == code)) for name, code in _CODES.items()}

    def pixel(self, row: int, column: int) -> Config:
        """The configuration of one network, for `xorlab.train`."""
        return Grid(self.config).config(row * self.outcome.shape[1] + column)

    def zoomed(self, x: float, y: float, factor: float) -> Config:
        """The landscape of a smaller window around a point, with as many pixels.

        Args:
            x: horizontal centre of the window.
            y: vertical centre of the window.
            factor: how many times smaller its sides are, on the scales of the axes.
        """
        return zoomed(self.config, x, y, factor)


@dataclass(frozen=True, eq=False)
class Pixels:
    """How N networks ended: the arrays of a `Landscape`, each (N,)."""

    outcome: npt.NDArray[np.int8]
    epochs_to_solve: npt.NDArray[np.int32]
    final_loss: npt.NDArray[np.float64]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name."""
        return dict(vars(self))

    def pack(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """For another process."""
        return {}, self.arrays()

    @classmethod
    def unpack(cls, header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Pixels:
        """The reverse of `pack`."""
        return cls(**arrays)


@dataclass(frozen=True)
class Fault:
    """A piece that failed, with the reason as text."""

    reason: str

    def pack(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """For another process."""
        return {"reason": self.reason}, {}

    @classmethod
    def unpack(cls, header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Fault:
        """The reverse of `pack`."""
        return cls(header["reason"])


@dataclass(frozen=True)
class PieceWork:
    """What a worker needs to train a piece of a landscape: no store and no paths.

    Attributes:
        config: with the landscape.
        task: the patterns that every network learns.
        piece: number of the piece.
    """

    config: Config
    task: Task
    piece: int

    def run(self) -> Pixels | Fault:
        """Train the piece; an exception is returned as text."""
        try:
            grid = Grid(self.config, self.task)
            return train_pixels(grid.configs(grid.pixels(self.piece)), self.task)
        except Exception:
            return Fault(traceback.format_exc())

    def on_worker_death(self, reason: str) -> Pixels | Fault:
        """The result of a piece whose worker was killed."""
        return Fault(reason)

    def halves(self) -> None:
        """A piece is not divided."""

    def pack(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """For another process."""
        header, arrays = pack_configs(TRAINER, [self.config], self.task)
        return header | {"piece": self.piece}, arrays

    @classmethod
    def unpack(cls, header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> PieceWork:
        """The reverse of `pack`."""
        (config,), task, _ = unpack_configs(header, arrays)
        return cls(config, task, header["piece"])


def landscape(config: Config) -> Landscape:
    """Train one network for every pixel, in this process.

    Args:
        config: with a landscape; `xorlab.configure("landscape.x=optimizer.lr", ...)`.

    Raises:
        ConfigError: the configuration has no landscape, or one that cannot be trained.
    """
    grid = Grid(config)
    pieces = {
        piece: train_pixels(grid.configs(grid.pixels(piece)), grid.task) for piece in grid.pieces
    }
    return assembled(config, grid, pieces)


def assembled(
    config: Config, grid: Grid, pieces: Mapping[int, Pixels], run_id: str | None = None
) -> Landscape:
    """Join all pieces, by number, to a landscape."""
    arrays = {
        name: np.concatenate([pieces[n].arrays()[name] for n in grid.pieces]).reshape(grid.shape)
        for name in pieces[0].arrays()
    }
    return Landscape(config, **arrays, run_id=run_id)


def train_pixels(configs: Iterable[Config], task: Task) -> Pixels:
    """Train networks, and keep of each what a landscape records.

    They are trained in groups: a number that is zero may switch off a part of the optimizer, and
    networks with different parts cannot be trained as one array.
    """
    groups: dict[object, list[int]] = {}
    made = list(configs)
    for index, config in enumerate(made):
        groups.setdefault(shard_key(config), []).append(index)
    pixels = Pixels(
        np.empty(len(made), np.int8), np.empty(len(made), np.int32), np.empty(len(made))
    )
    for members in groups.values():
        trained = train_chunk([made[index] for index in members], task)
        pixels.outcome[members] = trained.outcome
        pixels.epochs_to_solve[members] = trained.epochs_to_solve
        pixels.final_loss[members] = trained.metrics["final_loss"]
    return pixels
