"""What the harness asks of a trainer. It knows configurations, runs and curves through this alone.

`xorlab.trainers.function` makes a trainer of a user's function; the built-in network is another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy.typing as npt

from xorlab.config.checks import check_value, check_values
from xorlab.config.identity import RunKeys
from xorlab.config.schema import Schema
from xorlab.trainers.memory import PARENT, RUN, WORKER, MemoryEstimate
from xorlab.trainers.planes import Planes, refuse_as_job
from xorlab.trainers.reference import Reference
from xorlab.trainers.result import Result
from xorlab.trainers.shard_result import Files, ShardResult

Data = Any  # what a trainer reads once for many runs
Arrays = dict[str, npt.NDArray[Any]]

TRAINER_TAG = "xorlab.trainer"  # name and version; not of the built-in trainer
CODE_TAG = "xorlab.trainer_code"  # digest of the file that defines it

_SECONDS = 0.2  # of a run, before one was measured
_POINTS = 200  # of a curve

TABLE_TAG = "xorlab.table"  # of a run: SHA-256 of the file that its data were read from


class Trainer(ABC):
    """Trains configurations of one schema.

    Attributes:
        name, version: both are a part of the identity of a run, except for the built-in trainer.
        schema: of a whole configuration: the trainer's keys, ``seed``, ``plan`` and ``tracking``.
        setting_keys: the keys that make a setting, in order: all that decide an outcome but the
            seed.
        reference: how a worker loads this trainer; None where it cannot.
        fewest: so many runs together cost hardly more than one.
        knows_time: whether `seconds` is more than a guess.
        piece_cost: seconds that a piece of a sweep costs besides its training, at least. Where it
            is 0, pieces are as planned; else they are cut by the time that runs have taken.
        result: the kind of result that its shards are made of.
    """

    name: str
    version: int = 1
    schema: Schema
    setting_keys: tuple[str, ...]
    reference: Reference | None = None
    fewest: int = 1
    knows_time: bool = False
    piece_cost: float = 0.0
    result: type[Result] = Result

    @cached_property
    def planes(self) -> Planes:
        """How landscapes of its configurations are made."""
        return Planes(self)

    @abstractmethod
    def train(self, configs: Sequence[Any], data: Data) -> ShardResult:
        """Train configurations that have one value of `together`."""

    @abstractmethod
    def params(self, config: Any) -> dict[str, Any]:
        """The values of `setting_keys` that count, by dotted key."""

    @abstractmethod
    def run_keys(self, params: Mapping[str, Any], data: Data) -> RunKeys:
        """The keys of a setting's runs."""

    def check(self, config: Any) -> None:
        """Refuse a configuration that cannot be trained.

        Raises:
            ConfigError, UsageError: says why.
        """
        check_values(config)

    def check_job(self, config: Any) -> None:
        """Refuse a configuration that cannot be a job of a sweep, as a landscape cannot.

        Raises:
            ConfigError, UsageError: says why.
        """
        self.check(config)
        refuse_as_job(config)

    def check_seed(self, seed: int) -> None:
        """Refuse a seed that is not allowed.

        Raises:
            ConfigError: says which are.
        """
        check_value(self.schema.kind, "seed", seed)

    def data_key(self, config: Any) -> Hashable:
        """Equal for configurations with the same data."""
        return None

    def data(self, config: Any) -> Data:
        """What is read before training starts, once for all runs with one `data_key`."""
        return None

    def check_data(self, config: Any, data: Data) -> None:
        """Refuse a configuration that does not fit its data.

        Raises:
            ConfigError, UsageError: says why.
        """
        return

    def data_line(self, data: Data) -> str | None:
        """What a sweep prints about its data before it starts; None for nothing."""
        return None

    def together(self, config: Any) -> Hashable:
        """Equal for settings whose runs can be trained in one call."""
        return None

    def width(self, config: Any, data: Data) -> int:
        """How many runs to train in one call, at most."""
        return 1

    def seconds(self, config: Any, data: Data, count: int) -> float:
        """Estimated time on one core to train so many runs together."""
        return _SECONDS * count

    def plan_rows(self, shards: Sequence[tuple[Any, Data, int]]) -> Mapping[str, str]:
        """What a plan says besides, each under its title.

        Args:
            shards: of each one of its configurations, its data and how many runs it has.
        """
        return {}

    def memory(
        self,
        shards: Iterable[tuple[Any, Data, int]],
        runs: Sequence[tuple[Any, int]],
        workers: int,
    ) -> MemoryEstimate:
        """What a sweep needs.

        Args:
            shards: of each one of its configurations, its data and how many runs it has.
            runs: each setting of the sweep, and how many runs have it, the finished ones included.
            workers: processes that train; 0 where the parent does.
        """
        total, waiting = sum(count for _, count in runs), len(list(shards))
        parent = PARENT + total * (RUN + 16 * _POINTS)
        return MemoryEstimate(parent, WORKER, min(workers, waiting), ("seed", f"{total} runs"))

    def label(self, config: Any) -> str:
        """How runs of a setting are called in lists."""
        return self.name

    def names(self, key: str) -> bool:
        """Whether the label of a setting says the value of this key."""
        return True

    def tags(self, data: Data) -> dict[str, str]:
        """Tags of a finished run."""
        return {}

    def sweep_label(self, config: Any, axes: Container[str]) -> str:
        """How sweeps of such configurations, over some keys, are called in lists."""
        return self.name

    def files(self, data: Data, result: Any) -> Files:
        """The files that a finished run leaves, where its shard has none."""
        return {}

    def pack_data(self, data: Data) -> tuple[Mapping[str, Any], Arrays]:
        """Data for a worker: values that JSON holds, and arrays."""
        return {}, {}

    def unpack_data(self, values: Mapping[str, Any], arrays: Arrays) -> Data:
        """The reverse of `pack_data`."""
        return None

    def identity_tags(self) -> dict[str, str]:
        """Tags of every run and sweep: which trainer it was."""
        return {}
