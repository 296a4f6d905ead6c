"""Results of a shard as columns: one row per run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from xorlab.trainers.result import OUTCOMES, Result

FAILED = -1  # the outcome of a run that raised an error
NEVER = -1  # the step of an event that did not happen

Column = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]
Files = dict[str, bytes]

R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Failure:
    """A run that raised an error."""

    traceback: str

    @property
    def reason(self) -> str:
        """The last line of the traceback."""
        return self.traceback.strip().rpartition("\n")[2]


@dataclass(frozen=True, eq=False)
class Curves:
    """One curve per run, of different lengths.

    Most runs are recorded at the same steps, so these are kept once: the steps of run n are the
    first ``shared[n]`` of the schedule, then ``extra_counts[n]`` more.

    Attributes:
        schedule: (R,) steps that the curves have in common.
        shared: (N,) how many steps of the schedule each curve has.
        extra: the further steps of all runs, one run after another.
        extra_counts: (N,) how many further steps each curve has.
        values: the values of all runs, one run after another.
    """

    schedule: Integers
    shared: Integers
    extra: Integers
    extra_counts: Integers
    values: npt.NDArray[np.float64]

    @cached_property
    def lengths(self) -> Integers:
        """(N,) the number of points of each curve."""
        return self.shared + self.extra_counts

    def run(self, number: int) -> tuple[Integers, npt.NDArray[np.float64]]:
        """Steps and values of one run."""
        values = self.values[self._ends[number] - self.lengths[number] : self._ends[number]]
        steps = self.schedule[: self.shared[number]]
        if count := self.extra_counts[number]:
            end = self._extra_ends[number]
            steps = np.concatenate([steps, self.extra[end - count : end]])
        return steps, values

    def last(self) -> npt.NDArray[np.float64]:
        """(N,) the last value of each curve; NaN where it has none."""
        some = self.lengths > 0
        values = np.full(len(self.lengths), np.nan)
        values[some] = self.values[self._ends[some] - 1]
        return values

    @cached_property
    def _ends(self) -> Integers:
        return np.cumsum(self.lengths)

    @cached_property
    def _extra_ends(self) -> Integers:
        return np.cumsum(self.extra_counts)


@dataclass(frozen=True, eq=False)
class ShardResult:
    """What became of the N runs of a shard, in the order of their configurations.

    A run that failed has the outcome `FAILED`, an empty curve, NaN as its metrics, and zeros in
    every other column.

    Attributes:
        outcome: (N,) int8, index into `OUTCOMES`, or `FAILED`.
        epochs_run: (N,) epochs completed.
        epochs_to_solve: (N,) the step at which each run was first solved, or `NEVER`.
        diverged_at: (N,) the step at which it was no longer finite, or `NEVER`.
        metrics: (N,) float64 each, by name; NaN where undefined.
        curves: by name.
        arrays: (N, ...) each, by name.
        files: of each run, by name, where a trainer leaves files and no arrays; else empty.
        failures: tracebacks of the runs that failed, by their number.
        started, ended: milliseconds since 1970; 0 where nothing was trained.
    """

    outcome: npt.NDArray[np.int8]
    epochs_run: Integers
    epochs_to_solve: Integers
    diverged_at: Integers
    metrics: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    curves: dict[str, Curves] = field(default_factory=dict)
    arrays: dict[str, Column] = field(default_factory=dict)
    files: tuple[Files, ...] = ()
    failures: dict[int, str] = field(default_factory=dict)
    started: int = 0
    ended: int = 0

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def longest_curve(self) -> int:
        """The number of points of the longest curve; 0 without curves."""
        return max((int(curves.lengths.max()) for curves in self.curves.values()), default=0)

    def run(self, number: int, kind: type[R]) -> R | Failure:
        """One run, as a trainer's own kind of result."""
        return self.failure(number) or self._result(number, kind)

    def runs(self, kind: type[R]) -> list[R | Failure]:
        """All runs, in order."""
        return [self.run(number, kind) for number in range(len(self))]

    def failure(self, number: int) -> Failure | None:
        """The error of a run; None if it was trained to its end."""
        return Failure(self.failures[number]) if number in self.failures else None

    def results(self, kind: type[R]) -> list[R]:
        """All runs of a shard without failures, in order."""
        return [self._result(number, kind) for number in range(len(self))]

    @cached_property
    def _numbers(self) -> dict[str, list[float]]:
        """The metrics as Python's numbers: converting a column is faster than each of its rows."""
        return {name: values.tolist() for name, values in self.metrics.items()}

    def _result(self, number: int, kind: type[R]) -> R:
        return kind(
            outcome=OUTCOMES[self.outcome[number]],
            epochs_run=int(self.epochs_run[number]),
            epochs_to_solve=_step(self.epochs_to_solve[number]),
            diverged_at=_step(self.diverged_at[number]),
            metrics={name: values[number] for name, values in self._numbers.items()},
            curves={name: curves.run(number) for name, curves in self.curves.items()},
            arrays={name: array[number] for name, array in self.arrays.items()},
        )


def failed(count: int, traceback: str) -> ShardResult:
    """A shard of ``count`` runs that all failed."""
    never = np.full(count, NEVER)
    return ShardResult(
        outcome=np.full(count, FAILED, np.int8),
        epochs_run=np.zeros(count, np.int64),
        epochs_to_solve=never,
        diverged_at=never,
        failures=dict.fromkeys(range(count), traceback),
    )


def joined(parts: Sequence[ShardResult]) -> ShardResult:
    """Shards one after another as one; what only some of them have is missing in the others."""
    files = any(part.files for part in parts)
    starts = np.cumsum([0, *(len(part) for part in parts)]).tolist()
    return ShardResult(
        outcome=np.concatenate([part.outcome for part in parts]),
        epochs_run=np.concatenate([part.epochs_run for part in parts]),
        epochs_to_solve=np.concatenate([part.epochs_to_solve for part in parts]),
        diverged_at=np.concatenate([part.diverged_at for part in parts]),
        metrics={
            name: np.concatenate(
                [part.metrics.get(name, np.full(len(part), np.nan)) for part in parts]
            )
            for name in _names(part.metrics for part in parts)
        },
        curves={
            name: _joined_curves([part.curves.get(name, _no_curves(len(part))) for part in parts])
            for name in _names(part.curves for part in parts)
        },
        arrays={
            name: np.concatenate(
                [
                    part.arrays.get(name, np.zeros((len(part), *like.shape[1:]), like.dtype))
                    for part in parts
                ]
            )
            for name, like in _likes(parts).items()
        },
        files=tuple(one for part in parts for one in (part.files or [{}] * len(part)) if files),
        failures={
            start + number: traceback
            for start, part in zip(starts, parts, strict=False)
            for number, traceback in part.failures.items()
        },
    )


def _names(columns: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for some in columns for name in some))


def _likes(parts: Sequence[ShardResult]) -> dict[str, Column]:
    """Each array of the first shard that has it."""
    likes: dict[str, Column] = {}
    for part in parts:
        likes = part.arrays | likes
    return likes


def _joined_curves(parts: Sequence[Curves]) -> Curves:
    """Curves with one schedule, or with the beginning of one."""
    return Curves(
        schedule=max((part.schedule for part in parts), key=len),
        shared=np.concatenate([part.shared for part in parts]),
        extra=np.concatenate([part.extra for part in parts]),
        extra_counts=np.concatenate([part.extra_counts for part in parts]),
        values=np.concatenate([part.values for part in parts]),
    )


def _no_curves(count: int) -> Curves:
    none, nothing = np.zeros(count, np.int64), np.zeros(0, np.int64)
    return Curves(nothing, none, nothing, none, np.zeros(0))


def _step(step: np.int64) -> int | None:
    return None if step == NEVER else int(step)
