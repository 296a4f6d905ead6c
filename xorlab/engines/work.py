"""The work of one shard: a pure function from configurations to outcomes."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from xorlab.config.schema import Config
from xorlab.networks.result import Result
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import train_chunk
from xorlab.system.clock import now

T_co = TypeVar("T_co", covariant=True)


class Runnable(Protocol[T_co]):
    """What an executor runs: something that can be pickled, and so can what it gives back."""

    def run(self) -> T_co:
        """Do the work; whatever may go wrong in it is told by what it gives back."""

    def on_worker_death(self, reason: str) -> T_co:
        """What stands for the work where its process was killed every time."""


@dataclass(frozen=True)
class Failure:
    """A job that broke off, with its traceback as text so that it survives the way home."""

    traceback: str

    @property
    def reason(self) -> str:
        """Its last line."""
        return self.traceback.strip().rpartition("\n")[2]


@dataclass(frozen=True)
class ShardOutcome:
    """A shard's outcomes, one per configuration, with when the work began and ended.

    Attributes:
        outcomes: results and failures, in the order of the configurations.
        started, ended: milliseconds since 1970.
    """

    outcomes: list[Result | Failure]
    started: int
    ended: int


@dataclass(frozen=True)
class Work:
    """What a worker needs: configurations of one shape and their task; no store, no paths."""

    configs: Sequence[Config]
    task: Task

    def run(self) -> ShardOutcome:
        """Train; what goes wrong with one job does not touch the others."""
        started = now()
        try:
            outcomes: list[Result | Failure] = list(train_chunk(self.configs, self.task))
        except Exception:
            outcomes = [self._alone(config) for config in self.configs]
        return ShardOutcome(outcomes, started, now())

    def on_worker_death(self, reason: str) -> ShardOutcome:
        """Every job failed."""
        return ShardOutcome([Failure(reason) for _ in self.configs], 0, 0)

    def _alone(self, config: Config) -> Result | Failure:
        try:
            return train_chunk([config], self.task)[0]
        except Exception:
            return Failure(traceback.format_exc())


@dataclass(frozen=True)
class ShardGroup:
    """Shards that are handed over together, as the cost of handing over demands."""

    works: tuple[Work, ...]

    def run(self) -> list[ShardOutcome]:
        """One after the other."""
        return [work.run() for work in self.works]

    def on_worker_death(self, reason: str) -> list[ShardOutcome]:
        """Every job failed."""
        return [work.on_worker_death(reason) for work in self.works]
