"""N networks side by side: the calls of one epoch, over arrays of a fixed width."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from xorlab.networks.losses.loss import Loss
from xorlab.networks.optimizers.optimizer import Optimizer, State, Update
from xorlab.networks.parameters import Parameters
from xorlab.networks.passes import Pass, Shape
from xorlab.networks.program import Array, Calls, Program
from xorlab.networks.stopping.rule import StoppingRule
from xorlab.networks.tasks.tasks import Task

NO_LIMIT = -1.0  # as a limit: no error or loss is at or below it


@dataclass(frozen=True)
class TrainingSpec:
    """How networks of one shape are trained together.

    Attributes:
        shape: layer sizes, activations, loss and dtype.
        task: the patterns and their targets.
        optimizer: name of the update rule.
        flags: optional parts of the optimizer in use, such as weight decay.
        online: one update per pattern instead of one per epoch.
        by_loss: solved means a loss at or below the limit, not every output within it.
        states: the arrays that the optimizer keeps between updates.
        by_gradient: a network's training ends where its gradient is small enough.
        stopping: names of the `StoppingRule`s that end a network's training.
    """

    shape: Shape
    task: Task
    optimizer: str
    flags: frozenset[str]
    online: bool
    by_loss: bool
    states: tuple[State, ...]
    by_gradient: bool = False
    stopping: tuple[str, ...] = ()


@dataclass
class NetworkColumns:
    """What differs from network to network: one column for each network, so networks last.

    Attributes:
        parameters: (K, N) weights and biases.
        states: optimizer arrays, each (K, N), or (1, N) for one number per network.
        values: optimizer numbers by name, each (N,).
        limits: (N,) error or loss at which a network counts as solved, or `NO_LIMIT`.
        min_gradient: (N,) gradient length below which a network's training ends, in the units of
            an update (multiplied by the learning rate); NaN for never.
        stopping: columns of each stopping rule by name, each (N,).
    """

    parameters: Array
    states: list[Array]
    values: dict[str, Array]
    limits: Array
    min_gradient: Array
    stopping: dict[str, dict[str, Array]]

    def take(self, columns: npt.NDArray[np.int64]) -> NetworkColumns:
        """Copy the columns at these indices, in this order."""
        return NetworkColumns(
            self.parameters[:, columns],
            [state[:, columns] for state in self.states],
            {name: value[columns] for name, value in self.values.items()},
            self.limits[columns],
            self.min_gradient[columns],
            {
                rule: {name: value[columns] for name, value in own.items()}
                for rule, own in self.stopping.items()
            },
        )


def padded(count: int) -> int:
    """How many columns to allocate for ``count`` networks.

    With a single column NumPy would merge axes and so sum in another order. And a width that is a
    multiple of 512 puts every row of an array at the same offset within a memory page, where the
    processor mistakes independent stores for ones that its loads depend on (4K aliasing).
    """
    return 2 if count == 1 else count + 8 * (count % 512 == 0)


class Batch:
    """The arrays and calls of one epoch.

    One epoch runs `forward`, then `stopping`, `gradient` and `update`, in this order.

    Attributes:
        count: how many networks there are, N.
        columns: the networks, in aligned memory; those after the first ``count`` are copies that
            fill up the width W = `padded` (N).
        forward: calls that run the patterns forward and set `outputs`, `error` and `within_limit`.
        stopping: calls that set `stopped`; empty without stopping rules.
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
        self.columns = self._aligned(networks.take(filler), width)
        self.columns.limits[self.count :] = NO_LIMIT
        self.columns.min_gradient[self.count :] = np.nan
        whole = self._pass(spec.task.inputs, spec.task.targets, spec.task.codes)
        self.outputs, self.error = whole.outputs, whole.error
        self.within_limit = np.zeros(width, np.bool_)
        self.loss, self.compute_loss = self._loss_calls()
        self.forward: Calls = whole.forward().calls
        self.watched = np.arange(width) < self.count
        self.stopped, self.stopping = self._stopping_calls()
        # An unbounded output can leave the finite numbers in the loss before it does in a weight.
        if spec.by_loss or spec.stopping or not spec.shape.activations()[-1].bounded:
            self.forward += self.compute_loss
        self.forward += self._limit_calls()
        numbers = [*self.columns.values.values(), *self.columns.states]
        self.infinite = any(np.isinf(number).any() for number in numbers)
        self.gradient_small = np.zeros(width, np.bool_)
        self._values = self._optimizer_values()
        self.gradient, self.update = self._epoch_calls(whole)

    def finite(self) -> npt.NDArray[np.bool_]:
        """Whether each network's weights and loss are finite, (W,); runs `compute_loss`."""
        for call in self.compute_loss:
            call()
        finite = np.logical_and.reduce(np.isfinite(self.columns.parameters), axis=0)
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
        limits, min_gradient = networks.limits.astype(dtype), networks.min_gradient.astype(dtype)
        return NetworkColumns(
            self._parameters.packed, states, values, limits, min_gradient, networks.stopping
        )

    def _pass(
        self,
        inputs: npt.NDArray[np.float64],
        targets: npt.NDArray[np.float64],
        codes: tuple[float, float] | None,
    ) -> Pass:
        return Pass(self._spec.shape, inputs, targets, codes, self._parameters)

    def _optimizer_values(self) -> dict[str, Array]:
        """The optimizer's numbers by name: (W,), or a constant where all networks have the same.

        A constant gives the same bits and leaves less memory to read.
        """
        values = {
            name: value if (value != value[0]).any() else value[0]
            for name, value in self.columns.values.items()
        }
        dtype = self._spec.shape.dtype
        return {name: np.asarray(value, dtype) for name, value in values.items()}

    def _epoch_calls(self, whole: Pass) -> tuple[Calls, Calls]:
        """The calls of `gradient` and of `update`."""
        if not self._spec.online:
            gradient = self._gradient_calls(whole)
            if not self._spec.by_gradient:
                return [], gradient + self._update_calls()
            return gradient + self._length_calls(self._step.packed), self._update_calls()
        check = self._gradient_over_patterns(whole) if self._spec.by_gradient else []
        calls: Calls = []
        update = self._update_calls()
        for row, target in zip(self._spec.task.inputs, self._spec.task.targets, strict=True):
            single = self._pass(row[None], target[None], None)
            calls += single.forward().calls + self._gradient_calls(single) + update
        return check, calls

    def _gradient_calls(self, patterns: Pass) -> Calls:
        """Calls that set the step: minus the gradient, weight decay included, times the rate."""
        program = patterns.backward(self._step, self._values["rate"])
        if "decay" in self._spec.flags:
            self._add_decay(program, self._step.packed, self._values["decay"])
        return program.calls

    def _add_decay(self, program: Program, step: Array, decay: Array) -> None:
        shrink = program.empty(*step.shape)
        program.emit(np.multiply, self._parameters.packed, decay, shrink)
        program.emit(np.subtract, step, shrink, step)

    def _update_calls(self) -> Calls:
        program = Program(self._spec.shape.dtype)
        Optimizer.choices()[self._spec.optimizer].emit(
            Update(
                program,
                self._parameters.packed,
                self._step.packed,
                self.columns.states,
                self._values,
                self._spec.flags,
            )
        )
        return program.calls

    def _gradient_over_patterns(self, whole: Pass) -> Calls:
        """Calls that set `gradient_small` for online training, from the gradient of all patterns.

        It is that of the loss of all patterns together, a sum or a mean as the loss is defined,
        so that it means the same as with batch updates; see `Loss.decays` for weight decay.
        """
        shape, (patterns, outputs) = self._spec.shape, self._spec.task.targets.shape
        times = Loss.choices()[shape.loss].decays(patterns, outputs, "online")
        memory = Program(shape.dtype)
        step = Parameters.empty(memory, shape.sizes, len(self.columns.limits), shape.wiring)
        # The same rate as in an update, so that `min_gradient` has the same units.
        rate = np.asarray(self._values["rate"] * memory.constant(times / patterns))
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

    def _loss_calls(self) -> tuple[Array, Calls]:
        program = Program(self._spec.shape.dtype)
        squares = program.empty(*self.error.shape)
        terms = squares.reshape(-1, squares.shape[-1])
        loss = program.empty(terms.shape[1])
        program.emit(np.multiply, self.error, self.error, squares)
        program.fold(terms, 0, loss)
        program.emit(np.divide, loss, program.constant(len(terms)), loss)
        return loss, program.calls

    def _stopping_calls(self) -> tuple[Array, Calls]:
        program = Program(self._spec.shape.dtype)
        stopped, met = program.mask(*self.loss.shape), program.mask(*self.loss.shape)
        for number, (rule, columns) in enumerate(self.columns.stopping.items()):
            kind = StoppingRule.choices()[rule]
            kind.emit(program, self.loss, columns, met if number else stopped)
            if number:
                program.emit(np.logical_or, stopped, met, stopped)
        if program.calls:
            program.emit(np.logical_and, stopped, self.watched, stopped)
        return stopped, program.calls

    def _limit_calls(self) -> Calls:
        program = Program(self._spec.shape.dtype)
        value = self.loss
        if not self._spec.by_loss:
            sizes = program.empty(*self.error.shape)
            terms = sizes.reshape(-1, sizes.shape[-1])
            value = program.empty(terms.shape[1])
            program.emit(np.abs, self.error, sizes)
            program.fold(terms, 0, value, by=np.maximum)
        program.calls.append(partial(np.less_equal, value, self.columns.limits, self.within_limit))
        return program.calls
