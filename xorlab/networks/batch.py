"""N networks side by side: the calls of one epoch, over arrays of a fixed width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from xorlab.networks.columns import NO_LIMIT, NetworkColumns, TrainingSpec, padded
from xorlab.networks.jacobian import Jacobian
from xorlab.networks.line import Line
from xorlab.networks.losses.loss import Loss
from xorlab.networks.measured import Measured
from xorlab.networks.optimizers.optimizer import Optimizer, Update
from xorlab.networks.parameters import Parameters
from xorlab.networks.passes import Pass
from xorlab.networks.program import Array, Calls, Program
from xorlab.networks.stopping.rule import Losses, StoppingRule
from xorlab.networks.updates.update import UpdateSchedule


class Batch:
    """The arrays and calls of one epoch.

    One epoch runs `forward`, then `stopping`, `gradient` and `update`, in this order; at a step at
    which the validation set is looked at, `validation.forward` and `held_out_stopping` as well.

    Attributes:
        task: with the training set.
        count: how many networks there are, N.
        width: of the arrays, W = `padded` (N).
        dtype: of all arithmetic.
        loss_name: of the loss that is minimised.
        generators: of each network, for the order of its patterns.
        draws: the first call of `update` draws that order.
        columns: the networks, in aligned memory; those after the first ``count`` are copies that
            fill up the width.
        training: what is measured of the training set.
        validation: what is measured of the validation set; None without one.
        forward: calls that run the training set forward, and set what is measured of it.
        stopping: calls that set `stopped`; empty without rules that look at the training set.
        held_out_stopping: calls after those, by which rules that look at the validation set add to
            `stopped`; empty without such rules.
        gradient: calls that set `gradient_small`; empty unless the spec has ``by_gradient``.
        update: calls that make one epoch's update or updates.
        compute_loss: calls that set `loss` from `error`.
        within_limit: (W,) whether a network's error or loss is at or below its limit.
        watched: (W,) whether stopping rules may end a network: not if it has ended, or is a copy.
        stopped: (W,) whether a stopping rule ends a network that is watched.
        gradient_small: (W,) whether a network's gradient is shorter than its ``min_gradient``.
        infinite: some number of the optimizer is infinite, as 1e200 is in float32.
        loss: (W,) mean squared error over patterns and outputs.
        outputs: (P, O, W), valid between `forward` and `update`.
        error: (P, O, W) target minus output, valid likewise.
    """

    def __init__(self, spec: TrainingSpec, networks: NetworkColumns) -> None:
        self.count = len(networks.limits)
        width = padded(self.count)
        filler = np.zeros(width, np.int64)
        filler[: self.count] = np.arange(self.count)
        self._spec = spec
        self.task, self.width, self.loss_name = spec.task, width, spec.shape.loss
        self.dtype = np.dtype(spec.shape.dtype)
        self.columns = self._aligned(networks.take(filler), width)
        self.generators = self.columns.generators
        self.draws = UpdateSchedule.choices()[spec.update].draws
        self.columns.limits[self.count :] = NO_LIMIT
        self.columns.validation_limits[self.count :] = NO_LIMIT
        self.columns.min_gradient[self.count :] = np.nan
        whole = self.pass_over(spec.task.inputs, spec.task.targets, spec.task.codes)
        look = bool(spec.stopping)
        self.training = Measured(spec, spec.task, whole, self.columns.limits, look)
        self.outputs, self.error = whole.outputs, whole.error
        self.within_limit, self.forward = self.training.within_limit, self.training.forward
        self.loss, self.compute_loss = self.training.loss, self.training.compute_loss
        self.validation: Measured | None = None
        if spec.task.validation is not None:
            held_out, limits = spec.task.validation, self.columns.validation_limits
            answers = self.pass_over(held_out.inputs, held_out.targets)
            self.validation = Measured(spec, held_out, answers, limits, look=True)
        self.watched = np.arange(width) < self.count
        self.stopped = np.zeros(width, np.bool_)
        self.stopping = spec.lowered(self._stopping_calls(held_out=False))
        self.held_out_stopping = spec.lowered(self._stopping_calls(held_out=True))
        numbers = [*self.columns.values.values(), *self.columns.states]
        self.infinite = any(np.isinf(number).any() for number in numbers)
        self.gradient_small = np.zeros(width, np.bool_)
        self._values = self._optimizer_values()
        self.gradient, self.update = map(spec.lowered, self._epoch_calls(whole))

    def finite(self) -> npt.NDArray[np.bool_]:
        """Whether each network's weights and losses are finite, (W,); runs `compute_loss`."""
        for call in self.compute_loss:
            call()
        finite = np.logical_and.reduce(np.isfinite(self.columns.parameters), axis=0)
        if self.validation is not None:
            finite = np.logical_and(finite, np.isfinite(self.validation.loss))
        return np.logical_and(finite, np.isfinite(self.loss))

    def _aligned(self, networks: NetworkColumns, width: int) -> NetworkColumns:
        """The same numbers, copied into aligned memory."""
        memory, dtype = Program(self._spec.shape.dtype), self._spec.shape.dtype
        shape = self._spec.shape
        self._parameters = Parameters.empty(memory, shape.sizes, width, shape.wiring)
        self._step = Parameters.empty(memory, shape.sizes, width, shape.wiring)
        self._parameters.packed[:] = networks.parameters
        states = [memory.empty(*state.shape) for state in networks.states]
        for aligned, state in zip(states, networks.states, strict=True):
            aligned[:] = state
        values = {name: value.astype(dtype) for name, value in networks.values.items()}
        names = ("limits", "validation_limits", "min_gradient")
        own = {name: getattr(networks, name).astype(dtype) for name in names}
        return replace(
            networks,
            parameters=self._parameters.packed,
            states=states,
            values=values,
            **own,
        )

    def pass_over(
        self,
        inputs: Array,
        targets: Array,
        codes: tuple[float, float] | None = None,
        constants: Sequence[int | None] | None = None,
    ) -> Pass:
        """A pass over patterns: (P, I) and (P, O), or (P, I, W) and (P, O, W), each its own."""
        return Pass(self._spec.shape, inputs, targets, codes, self._parameters, constants)

    def _optimizer_values(self) -> dict[str, Array]:
        """The optimizer's numbers by name: (W,), or a constant where all networks have the same.

        A constant gives the same bits and leaves less memory to read. But compiled code would be
        another one.
        """
        values = {
            name: value if self._spec.compiled or (value != value[0]).any() else value[0]
            for name, value in self.columns.values.items()
        }
        dtype = self._spec.shape.dtype
        return {name: np.asarray(value, dtype) for name, value in values.items()}

    def _epoch_calls(self, whole: Pass) -> tuple[Calls, Calls]:
        """The calls of `gradient` and of `update`."""
        spec, schedule = self._spec, UpdateSchedule.choices()[self._spec.update]
        rule = Optimizer.choices()[spec.optimizer]
        self._minimised = np.zeros(self.width, self.dtype) if rule.needs_loss else None
        loss = self._minimised_calls()
        descend = self._gradient_calls(whole) if schedule.whole else []
        line = jacobian = None
        if rule.searches:
            look = [*whole.forward().calls, *loss]
            line = self._line(spec.lowered(look), spec.lowered(descend))
        if rule.needs_jacobian:
            inputs, weights = spec.task.inputs, self._parameters.packed
            jacobian = Jacobian(spec.shape, inputs, weights, spec.lowered)
        self._update = self._update_calls(line, jacobian)
        if schedule.whole:
            gradient = [*loss, *descend]
            if not spec.by_gradient:
                return [], gradient + self._update
            return gradient + self._length_calls(self._step.packed), self._update
        check = self._gradient_over_patterns(whole) if spec.by_gradient else []
        return check, schedule.calls(self, spec.seen)

    def _minimised_calls(self) -> Calls:
        """Calls that set the loss that is minimised, before a backward pass; none if not needed."""
        if self._minimised is None:
            return []
        program, loss = Program(self.dtype), Loss.choices()[self.loss_name]
        targets = self.task.targets
        column = targets[:, :, None].astype(self.dtype)
        loss.emit(program, self.outputs, self.error, column, self._minimised)
        scale = program.constant(loss.scale(*targets.shape))
        program.emit(np.multiply, self._minimised, scale, self._minimised)
        if "decay" in self._spec.flags:
            weights = self._parameters.packed
            squares, total = program.empty(*weights.shape), program.empty(self.width)
            program.emit(np.multiply, weights, weights, squares)
            program.fold(squares, 0, total)
            program.emit(np.multiply, total, self._values["decay"], total)
            program.emit(np.multiply, total, program.constant(0.5), total)
            program.emit(np.add, self._minimised, total, self._minimised)
        return program.calls

    def update_from(self, patterns: Pass, share: float = 1.0) -> Calls:
        """Calls that run patterns forward and back and make one update.

        Args:
            patterns: what the update sees.
            share: what the gradient is multiplied by, besides the scale of the loss.
        """
        return [*patterns.forward().calls, *self._gradient_calls(patterns, share), *self._update]

    def _gradient_calls(self, patterns: Pass, share: float = 1.0) -> Calls:
        """Calls that set the step: minus the gradient, weight decay included, times the rate."""
        rate = self._values["rate"]
        if share != 1.0:
            rate = np.asarray(rate * np.array(share, self.dtype))
        program = patterns.backward(self._step, rate)
        if "decay" in self._spec.flags:
            self._add_decay(program, self._step.packed, self._values["decay"])
        return program.calls

    def _add_decay(self, program: Program, step: Array, decay: Array) -> None:
        shrink = program.empty(*step.shape)
        program.emit(np.multiply, self._parameters.packed, decay, shrink)
        program.emit(np.subtract, step, shrink, step)

    def _line(self, look: Calls, descend: Calls) -> Line:
        assert self._minimised is not None  # noqa: S101  (who searches needs the loss)
        return Line(
            self._parameters.packed,
            self._step.packed,
            self._minimised,
            look,
            descend,
            self.watched,
            **self.columns.trials,
        )

    def _update_calls(self, line: Line | None, jacobian: Jacobian | None) -> Calls:
        program = Program(self._spec.shape.dtype)
        Optimizer.choices()[self._spec.optimizer].emit(
            Update(
                program,
                self._parameters.packed,
                self._step.packed,
                self.columns.states,
                self._values,
                self._spec.flags,
                self._minimised,
                line,
                jacobian,
            )
        )
        return program.calls

    def _gradient_over_patterns(self, whole: Pass) -> Calls:
        """Calls that set `gradient_small` where updates see a part, from all patterns' gradient.

        It is that of the loss of all patterns together, a sum or a mean as the loss is defined,
        so that it means the same as with batch updates; see `Loss.decays` for weight decay.
        """
        shape, (patterns, outputs) = self._spec.shape, self._spec.task.targets.shape
        times = Loss.choices()[shape.loss].decays(patterns, outputs, self._spec.seen)
        memory = Program(shape.dtype)
        step = Parameters.empty(memory, shape.sizes, len(self.columns.limits), shape.wiring)
        # The same rate as in an update, so that `min_gradient` has the same units.
        rate = np.asarray(
            self._values["rate"] * memory.constant(times * self._spec.seen / patterns)
        )
        program = whole.backward(step, rate)
        if "decay" in self._spec.flags:
            decay = np.asarray(self._values["decay"] * memory.constant(times))
            self._add_decay(program, step.packed, decay)
        return program.calls + self._length_calls(step.packed)

    def _length_calls(self, step: Array) -> Calls:
        """Calls that set `gradient_small`; ``step`` has the units of ``min_gradient``."""
        program = Program(self._spec.shape.dtype)
        terms, total = program.empty(*step.shape), program.empty(step.shape[1])
        # Divide before squaring: the square of a short gradient can underflow.
        program.emit(np.divide, step, self.columns.min_gradient, terms)
        program.emit(np.multiply, terms, terms, terms)
        program.fold(terms, 0, total)
        program.calls.append(partial(np.less, total, program.constant(1.0), self.gradient_small))
        return program.calls

    def _stopping_calls(self, held_out: bool) -> Calls:
        """Calls that set `stopped`: of rules that look at the validation set, or of the others."""
        program = Program(self._spec.shape.dtype)
        losses = Losses(self.loss, None if self.validation is None else self.validation.loss)
        ends = []
        for name, columns in self.columns.stopping.items():
            rule = StoppingRule.choices()[name]
            if rule.needs_validation == held_out:
                ends.append(program.mask(self.width))
                rule.emit(program, losses, columns, ends[-1])
        if self.columns.trials and not held_out:
            ends.append(self.columns.trials["ended"])
        if held_out and ends and self.stopping:
            ends.insert(0, self.stopped)  # what the others say of the same step
        if ends:
            whole = ends[0]
            for met in ends[1:]:
                program.emit(np.logical_or, whole, met, self.stopped)
                whole = self.stopped
            program.emit(np.logical_and, whole, self.watched, self.stopped)
        return program.calls
