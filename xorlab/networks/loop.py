"""The loop over epochs: who is solved, who diverged, what is recorded, who still takes part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.networks.batch import NEVER, Batch, NetworkColumns, TrainingSpec
from xorlab.networks.parameters import unpack, unpack_skip
from xorlab.networks.program import Array
from xorlab.networks.result import DIVERGED, SOLVED, UNSOLVED, Result

_NONE = -1
# Below this share of lanes still at work, those are moved together into a smaller batch.
_REPACK_SHARE = 0.8


class _Alarm:
    """Set by NumPy when an operation overflows or is invalid, so that only then anyone looks."""

    def __init__(self) -> None:
        self.rung = False

    def __call__(self, _kind: str, _flag: int) -> None:
        self.rung = True

    def ring(self) -> None:
        """Where an infinite number was given, infinity spreads without any operation's notice."""
        self.rung = True


class Trainer:
    """Trains the networks of one chunk from their initial weights to the end.

    Args:
        recipe: what they share.
        lanes: what differs, N networks.
        steps: (R,) steps at which the loss is recorded, from 0 to the last epoch.
        stop_when_solved: whether a network ends at the step at which it is solved.
    """

    def __init__(
        self,
        recipe: TrainingSpec,
        lanes: NetworkColumns,
        steps: npt.NDArray[np.int64],
        stop_when_solved: bool,
    ) -> None:
        count = len(lanes.limits)
        self._recipe = recipe
        self._steps = steps
        self._stops = stop_when_solved
        self._start = lanes
        self._curves = np.full((len(steps), count), np.nan)
        self._final = lanes.parameters.copy()
        self._solved_at = np.full(count, _NONE)
        self._diverged_at = np.full(count, _NONE)
        self._ended_at = np.full(count, int(steps[-1]))
        # Lanes of the present batch: which network they hold, and whether it still takes part.
        self._members = np.arange(count)
        self._active = np.ones(count, np.bool_)
        self._batch: Batch

    def run(self) -> list[Result]:
        """Train, and say what became of each network, in order."""
        alarm = _Alarm()
        alarm.rung = not np.isfinite(self._start.parameters).all()
        with np.errstate(over="call", invalid="call", divide="call", under="ignore", call=alarm):
            # A small buffer keeps NumPy from copying operands through it: broadcasting is then
            # up to twice as fast. The setting ends with this block.
            np.setbufsize(16)
            self._batch = Batch(self._recipe, self._start)
            for row, step in enumerate(self._steps):
                self._repack()
                if not self._active.any():
                    break
                last = row == len(self._steps) - 1
                until = step + 1 if last else self._steps[row + 1]
                self._segment(int(step), int(until), row, alarm, last)
            self._collect()
            return self._results()

    def _segment(self, step: int, until: int, row: int, alarm: _Alarm, last: bool) -> None:
        """From a recorded step to the one before the next."""
        batch = self._batch
        look, learn, reached, count = batch.look, batch.learn, batch.reached, np.count_nonzero
        descend = batch.descend
        if batch.infinite:
            learn = [*learn, alarm.ring]
        for now in range(step, until):
            for call in look:
                call()
            if alarm.rung:
                self._find_diverged(now)
                alarm.rung = False
            if count(reached):
                self._note_solved(now)
            if now == step:
                self._record(row)
            if last:
                return
            if descend:
                for call in descend:
                    call()
                if count(batch.flat):
                    self._note_flat(now)
            for call in learn:
                call()

    def _record(self, row: int) -> None:
        for call in self._batch.measure:
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
        # NaN is quiet: it raises no alarm again, and costs no more than a number.
        batch.lanes.parameters[:, broken] = np.nan
        for state in batch.lanes.states:
            state[:, broken] = np.nan
        batch.lanes.limits[broken] = NEVER
        batch.lanes.shortest[broken] = np.nan
        batch.reached[broken] = False

    def _note_solved(self, step: int) -> None:
        # Few at a time, but nearly every epoch in a large batch: touch those lanes alone.
        reached = np.flatnonzero(self._batch.reached)
        self._batch.lanes.limits[reached] = NEVER
        fresh = reached[self._active[reached]]
        self._solved_at[self._members[fresh]] = step
        if self._stops:
            self._end(fresh, step)

    def _note_flat(self, step: int) -> None:
        flat = np.flatnonzero(self._batch.flat)
        self._batch.lanes.shortest[flat] = np.nan
        self._end(flat[self._active[flat]], step)

    def _end(self, lanes: npt.NDArray[np.int64], step: int) -> None:
        members = self._members[lanes]
        self._final[:, members] = self._batch.lanes.parameters[:, lanes]
        self._ended_at[members] = step
        self._active[lanes] = False

    def _repack(self) -> None:
        """Move the networks still at work together, once enough of the others have ended."""
        working = np.flatnonzero(self._active)
        if 0 < len(working) < _REPACK_SHARE * len(self._active):
            self._batch = Batch(self._recipe, self._batch.lanes.take(working))
            self._members = self._members[working]
            self._active = np.ones(len(working), np.bool_)

    def _collect(self) -> None:
        lanes = np.flatnonzero(self._active)
        self._final[:, self._members[lanes]] = self._batch.lanes.parameters[:, lanes]

    def _results(self) -> list[Result]:
        """Run every network's last weights forward once more, and tell its story."""
        # Which of many NaNs an operation makes depends on the lane: here there is but one.
        self._final[np.isnan(self._final)] = np.nan
        start, shape = self._start, self._recipe.shape
        ended = NetworkColumns(
            self._final, start.states, start.values, start.limits, start.shortest
        )
        batch = Batch(self._recipe, ended)
        for call in [*batch.look, *batch.measure]:
            call()
        outputs = batch.outputs[..., : batch.count]
        errors = np.abs(batch.error[..., : batch.count])
        story = _Story(
            outputs=np.ascontiguousarray(outputs.transpose(2, 0, 1)),
            losses=batch.loss[: batch.count].astype(np.float64),
            near=(errors < self._recipe.task.margin).all(axis=1).mean(axis=0),
            worst=errors.max(axis=(0, 1)).astype(np.float64),
            curves=np.ascontiguousarray(self._curves.T),
            layers=unpack(self._final, shape.sizes, shape.wiring),
            skip=unpack_skip(self._final, shape.sizes, shape.wiring),
        )
        story.curves[:, -1] = story.losses
        story.outputs[self._diverged_at != _NONE] = np.nan
        return [self._result(network, story) for network in range(batch.count)]

    def _result(self, network: int, story: _Story) -> Result:
        ended = int(self._ended_at[network])
        solved, diverged = int(self._solved_at[network]), int(self._diverged_at[network])
        steps, curve = self._steps, story.curves[network]
        if diverged != _NONE or ended < steps[-1]:
            before = int(np.searchsorted(steps, ended))
            steps, curve = steps[:before], curve[:before]
            if diverged == _NONE:
                steps, curve = np.append(steps, ended), np.append(curve, story.losses[network])
        weights, biases = story.layers
        has_solved = solved != _NONE and diverged == _NONE
        return Result(
            outcome=DIVERGED if diverged != _NONE else SOLVED if has_solved else UNSOLVED,
            epochs_run=ended,
            epochs_to_solve=solved if has_solved else None,
            diverged_at=diverged if diverged != _NONE else None,
            steps=steps,
            loss=curve,
            predictions=story.outputs[network],
            weights=[layer[network] for layer in weights],
            biases=[layer[network] for layer in biases],
            skip=None if story.skip is None else story.skip[network],
            accuracy=float(story.near[network]),
            max_error=float(story.worst[network]),
        )


@dataclass(frozen=True)
class _Story:
    """How all networks of a chunk ended, networks first."""

    outputs: Array
    losses: npt.NDArray[np.float64]
    near: npt.NDArray[np.float64]
    worst: npt.NDArray[np.float64]
    curves: npt.NDArray[np.float64]
    layers: tuple[list[Array], list[Array]]
    skip: Array | None
