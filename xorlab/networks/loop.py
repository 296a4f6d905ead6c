"""The loop over epochs: which networks are solved or diverged, and what is recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from xorlab.networks.batch import Batch
from xorlab.networks.columns import NO_LIMIT, NetworkColumns, TrainingSpec
from xorlab.networks.endings import Endings
from xorlab.networks.metrics import measured
from xorlab.networks.parameters import unpack, unpack_skip
from xorlab.networks.program import Array
from xorlab.trainers.result import DIVERGED, OUTCOMES, SOLVED, UNSOLVED
from xorlab.trainers.shard_result import NEVER, Curves, ShardResult

_SOLVED, _UNSOLVED, _DIVERGED = map(OUTCOMES.index, (SOLVED, UNSOLVED, DIVERGED))
# Once less than this share of a batch still trains, it is repacked into a smaller one.
_REPACK_SHARE = 0.8


class _FloatErrorFlag:
    """Raised by NumPy when an operation overflows or is invalid.

    The loop looks for diverged networks only while it is raised.
    """

    def __init__(self) -> None:
        self.raised = False

    def __call__(self, _kind: str, _bits: int) -> None:
        self.raised = True

    def set(self) -> None:
        """Raise the flag by hand: infinities that were given spread without a NumPy error."""
        self.raised = True


class Trainer:
    """Trains the networks of one chunk from their initial weights to the end.

    Args:
        spec: what they share.
        columns: what differs, N networks.
        steps: (R,) steps at which the loss is recorded, from 0 to the last epoch.
        stop_when_solved: whether a network ends at the step at which it is solved.
        solved_at_end: whether a network is solved only if it meets the criterion where it ends.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        columns: NetworkColumns,
        steps: npt.NDArray[np.int64],
        stop_when_solved: bool,
        solved_at_end: bool = False,
    ) -> None:
        count = len(columns.limits)
        self._spec = spec
        self._steps = steps
        self._stops = stop_when_solved
        self._solved_at_end = solved_at_end
        self._start = columns
        self._curves = np.full((len(steps), count), np.nan)
        self._final = columns.parameters.copy()
        self._solved_at = np.full(count, NEVER)
        self._diverged_at = np.full(count, NEVER)
        self._ended_at = np.full(count, int(steps[-1]))
        # Per column of the present batch: which network it holds, and whether that still trains.
        self._members = np.arange(count)
        self._active = np.ones(count, np.bool_)
        self._batch: Batch

    def run(self) -> ShardResult:
        """Train; one result per network, in order."""
        flag = _FloatErrorFlag()
        flag.raised = not np.isfinite(self._start.parameters).all()
        with np.errstate(over="call", invalid="call", divide="call", under="ignore", call=flag):
            # A small buffer keeps NumPy from copying operands through it: broadcasting is then
            # up to twice as fast. The setting ends with this block.
            np.setbufsize(16)
            self._batch = Batch(self._spec, self._start)
            if self._solved_at_end:
                self._batch.columns.limits[:] = NO_LIMIT
            for row, step in enumerate(self._steps):
                self._repack()
                if not self._active.any():
                    break
                last = row == len(self._steps) - 1
                until = step + 1 if last else self._steps[row + 1]
                self._segment(int(step), int(until), row, flag, last)
            self._collect()
            return self._results()

    def _segment(self, step: int, until: int, row: int, flag: _FloatErrorFlag, last: bool) -> None:
        """From a recorded step to the one before the next."""
        batch = self._batch
        forward, gradient, update = batch.forward, batch.gradient, batch.update
        within_limit, count = batch.within_limit, np.count_nonzero
        stopping = batch.stopping
        if batch.infinite:
            update = [*update, flag.set]
        for now in range(step, until):
            for call in forward:
                call()
            if flag.raised:
                self._find_diverged(now)
                flag.raised = False
            if count(within_limit):
                self._note_solved(now)
            if now == step:
                self._record(row)
            if last:
                return
            if stopping:
                for call in stopping:
                    call()
                if count(batch.stopped):
                    self._note_stopped(now)
            if gradient:
                for call in gradient:
                    call()
                if count(batch.gradient_small):
                    self._note_small_gradient(now)
            for call in update:
                call()

    def _record(self, row: int) -> None:
        for call in self._batch.compute_loss:
            call()
        active = self._active
        self._curves[row, self._members[active]] = self._batch.loss[: len(active)][active]

    def _find_diverged(self, step: int) -> None:
        batch, count = self._batch, self._batch.count
        broken = ~batch.finite()
        if not broken.any():
            return
        fresh = np.flatnonzero(broken[:count] & self._active)
        self._diverged_at[self._members[fresh]] = step
        self._end(fresh, step)
        # Quiet NaNs do not raise the flag again, and cost no more than numbers.
        batch.columns.parameters[:, broken] = np.nan
        for state in batch.columns.states:
            state[:, broken] = np.nan
        batch.columns.limits[broken] = NO_LIMIT
        batch.columns.min_gradient[broken] = np.nan
        batch.within_limit[broken] = False

    def _note_solved(self, step: int) -> None:
        # In a large batch a few networks are solved in most epochs: touch only their columns.
        solved = np.flatnonzero(self._batch.within_limit)
        self._batch.columns.limits[solved] = NO_LIMIT
        fresh = solved[self._active[solved]]
        self._solved_at[self._members[fresh]] = step
        if self._stops:
            self._end(fresh, step)

    def _note_stopped(self, step: int) -> None:
        stopped = np.flatnonzero(self._batch.stopped)
        self._end(stopped[self._active[stopped]], step)

    def _note_small_gradient(self, step: int) -> None:
        small = np.flatnonzero(self._batch.gradient_small)
        self._batch.columns.min_gradient[small] = np.nan
        self._end(small[self._active[small]], step)

    def _end(self, columns: npt.NDArray[np.int64], step: int) -> None:
        members = self._members[columns]
        self._final[:, members] = self._batch.columns.parameters[:, columns]
        self._ended_at[members] = step
        self._batch.watched[columns] = False
        self._active[columns] = False

    def _repack(self) -> None:
        """Move the networks that still train into a smaller batch, once enough have ended."""
        working = np.flatnonzero(self._active)
        if 0 < len(working) < _REPACK_SHARE * len(self._active):
            self._batch = Batch(self._spec, self._batch.columns.take(working))
            self._members = self._members[working]
            self._active = np.ones(len(working), np.bool_)

    def _collect(self) -> None:
        columns = np.flatnonzero(self._active)
        self._final[:, self._members[columns]] = self._batch.columns.parameters[:, columns]

    def _results(self) -> ShardResult:
        """Run every network's final weights forward once more, and measure the outputs."""
        # Which NaN an operation makes depends on the column: keep one bit pattern of it.
        self._final[np.isnan(self._final)] = np.nan
        start = self._start
        ended = replace(start, parameters=self._final)
        batch = Batch(self._spec, ended)
        for call in [*batch.forward, *batch.compute_loss]:
            call()
        loss = batch.loss[: batch.count].astype(np.float64)
        outputs = batch.outputs[..., : batch.count].transpose(2, 0, 1)
        errors = np.abs(batch.error[..., : batch.count].transpose(2, 0, 1))
        diverged = self._diverged_at != NEVER
        if self._solved_at_end:
            self._solved_at = np.where(batch.within_limit[: batch.count], self._ended_at, NEVER)
        solved = (self._solved_at != NEVER) & ~diverged
        curves = self._loss_curves(loss, diverged)
        loss[diverged] = np.nan
        arrays = {"predictions": np.ascontiguousarray(outputs)} | self._layers()
        arrays["predictions"][diverged] = np.nan
        endings = Endings(self._spec.task, errors, loss, arrays)
        return ShardResult(
            outcome=np.select([diverged, solved], [_DIVERGED, _SOLVED], _UNSOLVED).astype(np.int8),
            epochs_run=self._ended_at,
            epochs_to_solve=np.where(solved, self._solved_at, NEVER),
            diverged_at=self._diverged_at,
            metrics=measured(endings),
            curves={"loss": curves},
            arrays=arrays,
        )

    def _layers(self) -> dict[str, Array]:
        """The final weights and biases, networks first."""
        shape = self._spec.shape
        layers = zip(*unpack(self._final, shape.sizes, shape.wiring), strict=True)
        arrays: dict[str, Array] = {}
        for number, (weights, biases) in enumerate(layers, 1):
            arrays |= {f"weights_{number}": weights, f"biases_{number}": biases}
        skip = unpack_skip(self._final, shape.sizes, shape.wiring)
        return arrays if skip is None else arrays | {"skip": skip}

    def _loss_curves(
        self, loss: npt.NDArray[np.float64], diverged: npt.NDArray[np.bool_]
    ) -> Curves:
        """The recorded losses, cut where a network ended; one that did not diverge has its last."""
        steps, ended = self._steps, self._ended_at
        cut = diverged | (ended < steps[-1])
        shared = np.where(cut, np.searchsorted(steps, ended), len(steps))
        early = np.flatnonzero(cut & ~diverged)
        self._curves[-1] = loss
        self._curves[shared[early], early] = loss[early]
        extra_counts = np.zeros(len(ended), np.int64)
        extra_counts[early] = 1
        has_point = np.arange(len(steps)) < (shared + extra_counts)[:, None]
        return Curves(steps, shared, ended[early], extra_counts, self._curves.T[has_point])
