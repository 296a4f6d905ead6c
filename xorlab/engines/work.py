"""The work of one shard: from configurations to results."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from xorlab.system.clock import now
from xorlab.trainers.shard_result import ShardResult, failed, joined
from xorlab.trainers.trainer import Data, Trainer

T_co = TypeVar("T_co", covariant=True)


class WorkerDeathError(Exception):
    """Every worker that tried some work has died; the message is the reason."""


class Runnable(Protocol[T_co]):
    """Work for an executor. It is sent to a worker as bytes, and so is its result."""

    def run(self) -> T_co:
        """Do the work; errors are part of the result."""

    def on_worker_death(self, reason: str) -> T_co:
        """The result where every worker that tried died."""

    def halves(self) -> tuple[Runnable[Any], Runnable[Any], Callable[[Any, Any], Any]] | None:
        """Two smaller works, and how to join their results; None if it cannot be divided."""


@dataclass(frozen=True)
class Work:
    """What a worker needs: configurations that are trained together; no store, no paths.

    Attributes:
        configs: of the runs.
        data: what their trainer has read for them.
        trainer: of the configurations.
    """

    configs: Sequence[Any]
    data: Data
    trainer: Trainer

    def run(self) -> ShardResult:
        """Train; an error in one run does not affect the others."""
        started = now()
        try:
            result = self.trainer.train(self.configs, self.data)
        except Exception:
            result = joined([self._train_one(config) for config in self.configs])
        return replace(result, started=started, ended=now())

    def on_worker_death(self, reason: str) -> ShardResult:
        """Every run failed."""
        return failed(len(self.configs), reason)

    def halves(self) -> tuple[Work, Work] | None:
        """The first and the second half of the runs; None if there is only one."""
        middle = len(self.configs) // 2
        if not middle:
            return None
        first, second = self.configs[:middle], self.configs[middle:]
        return replace(self, configs=first), replace(self, configs=second)

    def _train_one(self, config: Any) -> ShardResult:
        try:
            return self.trainer.train([config], self.data)
        except Exception:
            return failed(1, traceback.format_exc())


@dataclass(frozen=True)
class ShardGroup:
    """Shards that are sent to a worker together, where sending one at a time costs too much."""

    works: tuple[Work, ...]

    def run(self) -> list[ShardResult]:
        """One after the other."""
        return [work.run() for work in self.works]

    def on_worker_death(self, reason: str) -> list[ShardResult]:
        """Every run failed."""
        return [work.on_worker_death(reason) for work in self.works]

    def halves(
        self,
    ) -> (
        tuple[
            ShardGroup,
            ShardGroup,
            Callable[[list[ShardResult], list[ShardResult]], list[ShardResult]],
        ]
        | None
    ):
        """Some of the shards each, or half of the only one."""
        if middle := len(self.works) // 2:
            first, second = self.works[:middle], self.works[middle:]
            return ShardGroup(first), ShardGroup(second), lambda one, other: one + other
        if not self.works or (parts := self.works[0].halves()) is None:
            return None
        first_half, second_half = (ShardGroup((part,)) for part in parts)
        return first_half, second_half, lambda one, other: [_one_after_another(*one, *other)]


def _one_after_another(first: ShardResult, second: ShardResult) -> ShardResult:
    times = [part for part in (first, second) if part.ended]
    return replace(
        joined([first, second]),
        started=min((part.started for part in times), default=0),
        ended=max((part.ended for part in times), default=0),
    )
