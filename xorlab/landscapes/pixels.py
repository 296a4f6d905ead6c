"""How the runs of some pixels ended, and the work of training them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.engines.config_columns import pack_configs, unpack_configs
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.plane_configs import PlaneConfigs
from xorlab.trainers.result import DIVERGED, OUTCOMES
from xorlab.trainers.shard_result import FAILED, Failure, ShardResult, joined
from xorlab.trainers.trainer import Data, Trainer

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

_MOST_INT32 = np.iinfo(np.int32).max


@dataclass(frozen=True, eq=False)
class Pixels:
    """How the runs of N pixels ended.

    Attributes:
        outcome: (N,) int8, index into `xorlab.trainers.result.OUTCOMES`; -1 if it raised an error.
        epochs_to_solve: (N,) the step at which each was first solved; -1 if never.
        metrics: (N,) float64 each, by name; NaN where undefined.
        failures: the last line of the error of each run that raised one, by its place.
    """

    outcome: npt.NDArray[np.int8]
    epochs_to_solve: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    metrics: Mapping[str, Floats] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.outcome)

    def arrays(self) -> dict[str, Array]:
        """What is known of each pixel, by name."""
        facts = {"outcome": self.outcome, "epochs_to_solve": self.epochs_to_solve}
        return facts | dict(self.metrics)

    def pack(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """For another process, and for a file."""
        return {"failures": {str(place): text for place, text in self.failures.items()}}, {
            "outcome": self.outcome,
            "epochs_to_solve": self.epochs_to_solve,
            **{f"metrics.{name}": values for name, values in self.metrics.items()},
        }

    @classmethod
    def unpack(cls, header: dict[str, Any], arrays: dict[str, Array]) -> Pixels:
        """The reverse of `pack`."""
        facts = dict(arrays)
        outcome, epochs = facts.pop("outcome"), facts.pop("epochs_to_solve")
        metrics = {name.removeprefix("metrics."): values for name, values in facts.items()}
        failures = {int(place): text for place, text in header["failures"].items()}
        return cls(outcome, epochs, metrics, failures)


@dataclass(frozen=True)
class Fault:
    """A piece that failed, with the reason as text."""

    reason: str

    def pack(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """For another process."""
        return {"reason": self.reason}, {}

    @classmethod
    def unpack(cls, header: dict[str, Any], arrays: dict[str, Array]) -> Fault:
        """The reverse of `pack`."""
        return cls(header["reason"])


@dataclass(frozen=True)
class PieceWork:
    """What a worker needs to train a piece of a landscape: no store and no paths.

    Attributes:
        config: with the landscape.
        data: what the trainer has read for all pixels.
        trainer: of the configuration.
        piece: number of the piece.
        part: the pixels of it that are trained, by number; None for all.
    """

    config: Any
    data: Data
    trainer: Trainer
    piece: int
    part: range | None = None

    def run(self) -> Pixels | Fault:
        """Train the piece; an exception that is not of one run is returned as text."""
        try:
            grid = self._grid()
            return train_pixels(self.trainer, grid.configs(self._part(grid)), self.data)
        except Exception:
            return Fault(traceback.format_exc())

    def on_worker_death(self, reason: str) -> Pixels | Fault:
        """The result where every worker that tried was killed."""
        if len(self._part(self._grid())) > 1:
            return Fault(reason)
        never = np.array([-1], np.int32)
        return Pixels(np.array([FAILED], np.int8), never, {}, {0: reason})

    def halves(self) -> tuple[PieceWork, PieceWork, Callable[[Any, Any], Any]] | None:
        """The first and the second half of its pixels; None if there is only one."""
        part = self._part(self._grid())
        if not (middle := len(part) // 2):
            return None
        first, second = (self._with(part[:middle]), self._with(part[middle:]))
        return first, second, _joined

    def pack(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """For another process."""
        header, arrays = pack_configs(self.trainer, [self.config], self.data)
        part = None if self.part is None else [self.part.start, self.part.stop]
        return header | {"piece": self.piece, "part": part}, arrays

    @classmethod
    def unpack(cls, header: dict[str, Any], arrays: dict[str, Array]) -> PieceWork:
        """The reverse of `pack`."""
        (config,), data, trainer = unpack_configs(header, arrays)
        part = None if header["part"] is None else range(*header["part"])
        return cls(config, data, trainer, header["piece"], part)

    def _with(self, part: range) -> PieceWork:
        return PieceWork(self.config, self.data, self.trainer, self.piece, part)

    def _grid(self) -> Grid:
        return Grid(self.config, self.data, self.trainer)

    def _part(self, grid: Grid) -> range:
        return grid.pixels(self.piece) if self.part is None else self.part


def train_pixels(trainer: Trainer, configs: Sequence[Any], data: Data) -> Pixels:
    """Train configurations, and keep of each what a landscape records.

    They are trained in groups: a number that is zero may switch off a part of the optimizer, and
    networks with different parts cannot be trained as one array.
    """
    groups = trainer.planes.groups(configs)
    parts: list[Pixels] = []
    order: list[int] = []
    for members in groups:
        if isinstance(configs, PlaneConfigs):
            own: Sequence[Any] = configs.take(members)
        else:
            own = [configs[index] for index in members]
        result = _trained(trainer, own, data)
        parts.append(_kept(result, trainer.planes.metrics))
        order += members.tolist()
    whole = together(parts)
    if len(groups) == 1:
        return whole
    back = np.argsort(order)
    return Pixels(
        whole.outcome[back],
        whole.epochs_to_solve[back],
        {name: values[back] for name, values in whole.metrics.items()},
        {order[place]: reason for place, reason in whole.failures.items()},
    )


def together(parts: Sequence[Pixels]) -> Pixels:
    """Parts one after another as one; a metric that only some have is NaN in the others."""
    names = dict.fromkeys(name for part in parts for name in part.metrics)
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    return Pixels(
        np.concatenate([part.outcome for part in parts]),
        np.concatenate([part.epochs_to_solve for part in parts]),
        {
            name: np.concatenate(
                [part.metrics.get(name, np.full(len(part), np.nan)) for part in parts]
            )
            for name in names
        },
        {
            start + place: reason
            for start, part in zip(starts, parts, strict=False)
            for place, reason in part.failures.items()
        },
    )


def _joined(one: Pixels | Fault, other: Pixels | Fault) -> Pixels | Fault:
    for half in (one, other):
        if isinstance(half, Fault):
            return half
    return together([half for half in (one, other) if isinstance(half, Pixels)])


def _trained(trainer: Trainer, configs: Sequence[Any], data: Data) -> ShardResult:
    """As one batch; where it raises, one by one: an error of one run costs only that run."""
    try:
        return trainer.train(configs, data)
    except Exception:
        if len(configs) == 1:
            raise
        return joined([trainer.train([config], data) for config in configs])


def _kept(result: ShardResult, names: tuple[str, ...] | None) -> Pixels:
    """What a landscape keeps of a shard."""
    epochs = result.epochs_to_solve
    if not len(epochs) or epochs.max() <= _MOST_INT32:
        epochs = epochs.astype(np.int32)
    if names is None:
        found = {"epochs_run": result.epochs_run.astype(np.float64)}
        found |= {name: curves.last() for name, curves in result.curves.items()}
        found |= result.metrics
    else:
        found = {name: result.metrics[name] for name in names}
    undefined = (result.outcome == OUTCOMES.index(DIVERGED)) | (result.outcome == FAILED)
    return Pixels(
        result.outcome,
        epochs,
        {
            name: np.where(undefined & ~np.isnan(values) & (name != "epochs_run"), np.nan, values)
            for name, values in found.items()
        },
        {place: Failure(text).reason for place, text in result.failures.items()},
    )
