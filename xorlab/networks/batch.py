"""N networks side by side: the programs of one epoch over a fixed number of lanes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from xorlab.networks.losses import LOSSES
from xorlab.networks.optimizers import OPTIMIZERS
from xorlab.networks.optimizers.rule import State, Update
from xorlab.networks.parameters import Parameters
from xorlab.networks.passes import Pass, Shape
from xorlab.networks.program import Array, Calls, Program
from xorlab.networks.tasks.tasks import Task

NEVER = -1.0  # no error is at or below it


@dataclass(frozen=True)
class TrainingSpec:
    """How networks of one shape are trained together.

    Attributes:
        flags: parts of the optimizer in use; the same for every network of the batch.
        online: one update per pattern instead of one per epoch.
        by_loss: solved means a loss at or below the limit, not outputs within it.
        states: what the optimizer carries.
        by_gradient: a network ends where its gradient is short enough.
    """

    shape: Shape
    task: Task
    optimizer: str
    flags: frozenset[str]
    online: bool
    by_loss: bool
    states: tuple[State, ...]
    by_gradient: bool = False


@dataclass
class NetworkColumns:
    """What differs from network to network, all with networks last.

    Attributes:
        parameters: (K, N).
        states: optimizer arrays, each (K, N), or (1, N) where a network has but one number.
        values: optimizer numbers, each (N,).
        limits: (N,) error or loss at which a network counts as solved, or `NEVER`.
        shortest: (N,) length of the gradient below which a network ends; NaN for never.
    """

    parameters: Array
    states: list[Array]
    values: dict[str, Array]
    limits: Array
    shortest: Array

    def take(self, lanes: npt.NDArray[np.int64]) -> NetworkColumns:
        """Those lanes alone, copied."""
        return NetworkColumns(
            self.parameters[:, lanes],
            [state[:, lanes] for state in self.states],
            {name: value[lanes] for name, value in self.values.items()},
            self.limits[lanes],
            self.shortest[lanes],
        )


def padded(count: int) -> int:
    """How many lanes to use for ``count`` networks.

    One network alone would let NumPy merge axes and so sum in another order. And widths that are
    multiples of 512 put every row of an array at the same place within a memory page, which makes
    the processor wait for stores that have nothing to do with its loads.
    """
    return 2 if count == 1 else count + 8 * (count % 512 == 0)


class Batch:
    """The arrays and programs of one epoch.

    Attributes:
        lanes: the networks; those behind the first ``count`` are copies that fill the width.
        look: calls that run the patterns forward and set `reached`.
        descend: calls that set `flat`, between `look` and `learn`; none where no one asks.
        learn: calls that make one epoch's update or updates.
        measure: calls that set `loss`.
        reached: (N,) whether a network is at or below its limit.
        infinite: some number of the optimizer is infinite, as 1e200 is in float32.
        flat: (N,) whether a network's gradient is shorter than its `shortest`.
        loss: (N,) mean squared error over patterns and outputs.
        outputs: (P, O, N), valid between `look` and `learn`.
    """

    def __init__(self, recipe: TrainingSpec, networks: NetworkColumns) -> None:
        self.count = len(networks.limits)
        width = padded(self.count)
        filler = np.zeros(width, np.int64)
        filler[: self.count] = np.arange(self.count)
        self._recipe = recipe
        self.lanes = self._copy(networks.take(filler), width)
        self.lanes.limits[self.count :] = NEVER
        self.lanes.shortest[self.count :] = np.nan
        whole = self._pass(recipe.task.inputs, recipe.task.targets, recipe.task.codes)
        self.outputs, self.error = whole.outputs, whole.error
        self.reached = np.zeros(width, np.bool_)
        self.loss, self.measure = self._measure()
        self.look: Calls = whole.forward().calls
        # An unbounded output can leave the finite numbers in the loss before it does in a weight.
        if recipe.by_loss or not recipe.shape.activations()[-1].bounded:
            self.look += self.measure
        self.look += self._check()
        numbers = [*self.lanes.values.values(), *self.lanes.states]
        self.infinite = any(np.isinf(number).any() for number in numbers)
        self.flat = np.zeros(width, np.bool_)
        self._values = self._constants()
        self.descend, self.learn = self._descend(whole)

    def finite(self) -> npt.NDArray[np.bool_]:
        """(N,) whether a network's weights and loss are finite numbers; runs `measure`."""
        for call in self.measure:
            call()
        finite = np.logical_and.reduce(np.isfinite(self.lanes.parameters), axis=0)
        return np.logical_and(finite, np.isfinite(self.loss))

    def _copy(self, networks: NetworkColumns, width: int) -> NetworkColumns:
        """The same numbers in aligned memory."""
        memory, dtype = Program(self._recipe.shape.dtype), self._recipe.shape.dtype
        shape = self._recipe.shape
        self._parameters = Parameters.empty(memory, shape.sizes, width, shape.wiring)
        self._step = Parameters.empty(memory, shape.sizes, width, shape.wiring)
        self._parameters.packed[:] = networks.parameters
        states = [memory.empty(*state.shape) for state in networks.states]
        for aligned, state in zip(states, networks.states, strict=True):
            aligned[:] = state
        values = {name: value.astype(dtype) for name, value in networks.values.items()}
        limits, shortest = networks.limits.astype(dtype), networks.shortest.astype(dtype)
        return NetworkColumns(self._parameters.packed, states, values, limits, shortest)

    def _pass(
        self,
        inputs: npt.NDArray[np.float64],
        targets: npt.NDArray[np.float64],
        codes: tuple[float, float] | None,
    ) -> Pass:
        return Pass(self._recipe.shape, inputs, targets, codes, self._parameters)

    def _constants(self) -> dict[str, Array]:
        """The optimizer's numbers; one number for all multiplies as a constant.

        The same bits, less to read.
        """
        values = {
            name: value if (value != value[0]).any() else value[0]
            for name, value in self.lanes.values.items()
        }
        dtype = self._recipe.shape.dtype
        return {name: np.asarray(value, dtype) for name, value in values.items()}

    def _descend(self, whole: Pass) -> tuple[Calls, Calls]:
        """The calls of `descend` and of `learn`."""
        down: Calls = []
        if not self._recipe.online:
            gradient = self._gradient(whole)
            if not self._recipe.by_gradient:
                return [], gradient + self._update()
            return gradient + self._length(self._step.packed), self._update()
        if self._recipe.by_gradient:
            down = self._whole_gradient(whole)
        learn: Calls = []
        update = self._update()
        for row, target in zip(self._recipe.task.inputs, self._recipe.task.targets, strict=True):
            single = self._pass(row[None], target[None], None)
            learn += single.forward().calls + self._gradient(single) + update
        return down, learn

    def _gradient(self, patterns: Pass) -> Calls:
        """Minus the gradient, weight decay included, times the rate."""
        program = patterns.backward(self._step, self._values["rate"])
        if "decay" in self._recipe.flags:
            self._decay(program, self._step.packed, self._values["decay"])
        return program.calls

    def _decay(self, program: Program, step: Array, decay: Array) -> None:
        shrink = program.empty(*step.shape)
        program.emit(np.multiply, self._parameters.packed, decay, shrink)
        program.emit(np.subtract, step, shrink, step)

    def _update(self) -> Calls:
        program = Program(self._recipe.shape.dtype)
        OPTIMIZERS[self._recipe.optimizer].emit(
            Update(
                program,
                self._parameters.packed,
                self._step.packed,
                self.lanes.states,
                self._values,
                self._recipe.flags,
            )
        )
        return program.calls

    def _whole_gradient(self, whole: Pass) -> Calls:
        """Sets `flat` from the gradient over all patterns, where updates see one at a time.

        Weight decay counts as often as it is applied: the sum of an epoch's steps, were they
        taken at once, vanishes where this does.
        """
        shape, (patterns, outputs) = self._recipe.shape, self._recipe.task.targets.shape
        scale = LOSSES[shape.loss].scale
        times = patterns * scale(patterns, outputs) / scale(1, outputs)
        memory = Program(shape.dtype)
        step = Parameters.empty(memory, shape.sizes, len(self.lanes.limits), shape.wiring)
        # As in an update, and so in its units.
        rate = np.asarray(self._values["rate"] * memory.constant(times / patterns))
        program = whole.backward(step, rate)
        if "decay" in self._recipe.flags:
            decay = np.asarray(self._values["decay"] * memory.constant(times))
            self._decay(program, step.packed, decay)
        return program.calls + self._length(step.packed)

    def _length(self, step: Array) -> Calls:
        """Sets `flat`. ``step`` is the gradient times what `Lanes.shortest` is multiplied by."""
        program = Program(self._recipe.shape.dtype)
        terms, total = program.empty(*step.shape), program.empty(step.shape[1])
        # Divided first: the square of a short gradient may be too small for a number.
        program.emit(np.divide, step, self.lanes.shortest, terms)
        program.emit(np.multiply, terms, terms, terms)
        program.fold(terms, 0, total)
        program.calls.append(partial(np.less, total, program.constant(1.0), self.flat))
        return program.calls

    def _measure(self) -> tuple[Array, Calls]:
        program = Program(self._recipe.shape.dtype)
        squares = program.empty(*self.error.shape)
        terms = squares.reshape(-1, squares.shape[-1])
        loss = program.empty(terms.shape[1])
        program.emit(np.multiply, self.error, self.error, squares)
        program.fold(terms, 0, loss)
        program.emit(np.divide, loss, program.constant(len(terms)), loss)
        return loss, program.calls

    def _check(self) -> Calls:
        program = Program(self._recipe.shape.dtype)
        value = self.loss
        if not self._recipe.by_loss:
            sizes = program.empty(*self.error.shape)
            terms = sizes.reshape(-1, sizes.shape[-1])
            value = program.empty(terms.shape[1])
            program.emit(np.abs, self.error, sizes)
            program.fold(terms, 0, value, by=np.maximum)
        program.calls.append(partial(np.less_equal, value, self.lanes.limits, self.reached))
        return program.calls
