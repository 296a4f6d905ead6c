"""The loop over epochs: which networks are solved or diverged, and what is recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from xorlab.networks.batch import Batch
from xorlab.networks.columns import NO_LIMIT, NetworkColumns, TrainingSpec
from xorlab.networks.curves import cut
from xorlab.networks.endings import Endings, answers_of
from xorlab.networks.evaluations import Evaluations
from xorlab.networks.float_errors import FloatErrorFlag
from xorlab.networks.looks import Looks
from xorlab.networks.measured import Measured
from xorlab.networks.metrics import measured
from xorlab.networks.parameters import named_layers
from xorlab.networks.program import Array, Calls
from xorlab.trainers.result import DIVERGED, OUTCOMES, SOLVED, UNSOLVED
from xorlab.trainers.shard_result import NEVER, ShardResult

_SOLVED, _UNSOLVED, _DIVERGED = map(OUTCOMES.index, (SOLVED, UNSOLVED, DIVERGED))
# Once less than this share of a batch still trains, it is repacked into a smaller one.
_REPACK_SHARE = 0.8


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
        task = spec.task
        names = ["loss"]
        if task.validation is not None:
            names.append("validation_loss")
            if task.answer is not None:
                names += ["training_accuracy", "validation_accuracy"]
        self._curves = {name: np.full((len(steps), count), np.nan) for name in names}
        self._final = columns.parameters.copy()
        self._solved_at = np.full(count, NEVER)
        self._diverged_at = np.full(count, NEVER)
        self._ended_at = np.full(count, int(steps[-1]))
        self._evaluations = Evaluations(count)
        self._looks = Looks(self._final, spec.keeps_best, self._evaluations)
        # Per column of the present batch: which network it holds, and whether that still trains.
        self._members = np.arange(count)
        self._active = np.ones(count, np.bool_)
        self._batch: Batch

    def run(self) -> ShardResult:
        """Train; one result per network, in order."""
        flag = FloatErrorFlag()
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

    def _segment(self, step: int, until: int, row: int, flag: FloatErrorFlag, last: bool) -> None:
        """From a recorded step to the one before the next."""
        batch = self._batch
        forward, gradient, update = batch.forward, batch.gradient, batch.update
        within_limit, count = batch.within_limit, np.count_nonzero
        validation, every = batch.validation, self._spec.validate_every
        rules, looking_rules = batch.stopping, [*batch.stopping, *batch.held_out_stopping]
        if batch.infinite:
            update = [*update, flag.set]
        for now in range(step, until):
            for call in forward:
                call()
            looked = validation is not None and now % every == 0
            # What is recorded is measured, and may be found to have diverged, but ends no run.
            if validation is not None and (looked or now == step):
                for call in validation.forward:
                    call()
            if flag.raised:
                self._find_diverged(now)
                flag.raised = False
            if count(within_limit):
                self._note_solved(now)
            if validation is not None and looked:
                self._looks.note(validation, batch.columns, self._members, self._active, now)
            if now == step:
                self._record(row)
            if last:
                return
            if stopping := looking_rules if looked else rules:
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
        active = self._active
        members = self._members[active]
        for name, values in self._measured(self._batch).items():
            self._curves[name][row, members] = values[: len(active)][active]

    def _measured(self, batch: Batch) -> dict[str, Array]:
        """The present value of every curve, (W,) each."""
        found: dict[str, Array] = {}
        for name in self._curves:
            calls, found[name] = curve(batch, name)
            for call in calls:
                call()
        return found

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
        batch.columns.validation_limits[broken] = NO_LIMIT
        batch.columns.min_gradient[broken] = np.nan
        batch.within_limit[broken] = False
        if batch.validation is not None:
            batch.validation.within_limit[broken] = False

    def _note_solved(self, step: int) -> None:
        # In a large batch a few networks are solved in most epochs: touch only their columns.
        solved = np.flatnonzero(self._batch.within_limit)
        self._batch.columns.limits[solved] = NO_LIMIT
        fresh = solved[self._active[solved]]
        members = self._members[fresh]
        self._solved_at[members] = step
        self._evaluations.note_solved(members, self._batch.columns, fresh)
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
        self._evaluations.note_end(members, self._batch.columns, columns)
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
        members = self._members[columns]
        self._final[:, members] = self._batch.columns.parameters[:, columns]
        self._evaluations.note_end(members, self._batch.columns, columns)

    def _results(self) -> ShardResult:
        """Run the weights forward once more: the last for the curves, the kept for the rest."""
        # Which NaN an operation makes depends on the column: keep one bit pattern of it.
        self._final[np.isnan(self._final)] = np.nan
        diverged = self._diverged_at != NEVER
        batch = self._answering(self._final)
        last = {
            name: values[: batch.count].astype(np.float64)
            for name, values in self._measured(batch).items()
        }
        curves = {
            name: cut(self._steps, self._curves[name], values, self._ended_at, diverged)
            for name, values in last.items()
        }
        if self._solved_at_end:
            self._solved_at = np.where(batch.within_limit[: batch.count], self._ended_at, NEVER)
        solved = (self._solved_at != NEVER) & ~diverged
        if self._spec.keeps_best:
            self._looks.best[:, diverged] = self._final[:, diverged]
            batch = self._answering(self._looks.best)
            for call in batch.compute_loss:
                call()
        solved_at = np.where(solved, self._solved_at, NEVER)
        looks = self._looks
        evaluations = self._evaluations.metrics(self._ended_at, solved_at, looks.generalised_at)
        events = {} if self._spec.task.validation is None else looks.events()
        return ShardResult(
            outcome=np.select([diverged, solved], [_DIVERGED, _SOLVED], _UNSOLVED).astype(np.int8),
            epochs_run=self._ended_at,
            epochs_to_solve=solved_at,
            diverged_at=self._diverged_at,
            metrics=measured(endings := self._endings(batch, diverged)) | events | evaluations,
            curves=curves,
            arrays=dict(endings.arrays),
        )

    def _answering(self, weights: Array) -> Batch:
        """A batch with these weights (K, N), run forward."""
        batch = Batch(self._spec, replace(self._start, parameters=weights))
        held_out = [] if batch.validation is None else batch.validation.forward
        for call in (*batch.forward, *held_out):
            call()
        return batch

    def _endings(self, batch: Batch, diverged: npt.NDArray[np.bool_]) -> Endings:
        """What the networks of a batch that was run forward answer."""
        training = answers_of(batch.training, self._spec.task.targets, batch.count, diverged)
        held_out = {}
        for name, patterns in self._spec.task.held_out.items():
            answering = batch.pass_over(patterns.inputs, patterns.targets)
            never = np.full(batch.width, NO_LIMIT, batch.dtype)
            measured_ = Measured(self._spec, patterns, answering, never, look=True)
            for call in measured_.forward:
                call()
            held_out[name] = answers_of(measured_, patterns.targets, batch.count, diverged)
        arrays = {"predictions": np.ascontiguousarray(training.outputs)} | named_layers(
            self._looks.best, self._spec.shape.sizes, self._spec.shape.wiring
        )
        arrays["predictions"][diverged] = np.nan
        return Endings(self._spec.task, training.errors, training.loss, arrays, held_out)


def curve(batch: Batch, name: str) -> tuple[Calls, Array]:
    """The calls that compute the present value of a curve, and the array (W,) that they set."""
    sets = {"": batch.training, "training_": batch.training, "validation_": batch.validation}
    kind = name.rpartition("_")[2]
    measured = sets[name.removesuffix(kind)]
    assert measured is not None  # noqa: S101  (its curve is there because it is)
    if kind == "loss":
        return measured.compute_loss, measured.loss
    return measured.compute_accuracy, measured.accuracy
