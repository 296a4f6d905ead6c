"""N networks side by side: the programs of one epoch over a fixed number of lanes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from xorlab.network import Pass, Shape
from xorlab.optimizers import OPTIMIZERS
from xorlab.parameters import Parameters
from xorlab.program import Array, Calls, Program
from xorlab.tasks import Task

NEVER = -1.0  # no error is at or below it


@dataclass(frozen=True)
class Recipe:
    """How networks of one shape are trained together.

    Attributes:
        flags: parts of the optimizer in use; the same for every network of the batch.
        online: one update per pattern instead of one per epoch.
        by_loss: solved means a loss at or below the limit, not outputs within it.
        states: arrays of shape (K, N) that the optimizer carries.
    """

    shape: Shape
    task: Task
    optimizer: str
    flags: frozenset[str]
    online: bool
    by_loss: bool
    states: int


@dataclass
class Lanes:
    """What differs from network to network, all with networks last.

    Attributes:
        parameters: (K, N).
        states: optimizer arrays, each (K, N).
        values: optimizer numbers, each (N,).
        limits: (N,) error or loss at which a network counts as solved, or `NEVER`.
    """

    parameters: Array
    states: list[Array]
    values: dict[str, Array]
    limits: Array

    def take(self, lanes: npt.NDArray[np.int64]) -> Lanes:
        """Those lanes alone, copied."""
        return Lanes(
            self.parameters[:, lanes],
            [state[:, lanes] for state in self.states],
            {name: value[lanes] for name, value in self.values.items()},
            self.limits[lanes],
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
        learn: calls that make one epoch's update or updates.
        measure: calls that set `loss`.
        reached: (N,) whether a network is at or below its limit.
        loss: (N,) mean squared error over patterns and outputs.
        outputs: (P, O, N), valid between `look` and `learn`.
    """

    def __init__(self, recipe: Recipe, networks: Lanes) -> None:
        self.count = len(networks.limits)
        width = padded(self.count)
        filler = np.zeros(width, np.int64)
        filler[: self.count] = np.arange(self.count)
        self._recipe = recipe
        self.lanes = self._copy(networks.take(filler), width)
        self.lanes.limits[self.count :] = NEVER
        whole = self._pass(recipe.task.inputs, recipe.task.targets, recipe.task.codes)
        self.outputs, self.error = whole.outputs, whole.error
        self.reached = np.zeros(width, np.bool_)
        self.loss, self.measure = self._measure()
        self.look: Calls = whole.forward().calls
        # An unbounded output can leave the finite numbers in the loss before it does in a weight.
        if recipe.by_loss or not recipe.shape.activations()[-1].bounded:
            self.look += self.measure
        self.look += self._check()
        self.learn: Calls = self._learn(whole)

    def finite(self) -> npt.NDArray[np.bool_]:
        """(N,) whether a network's weights and loss are finite numbers; runs `measure`."""
        for call in self.measure:
            call()
        finite = np.logical_and.reduce(np.isfinite(self.lanes.parameters), axis=0)
        return np.logical_and(finite, np.isfinite(self.loss))

    def _copy(self, networks: Lanes, width: int) -> Lanes:
        """The same numbers in aligned memory."""
        memory, dtype = Program(self._recipe.shape.dtype), self._recipe.shape.dtype
        self._parameters = Parameters.empty(memory, self._recipe.shape.sizes, width)
        self._step = Parameters.empty(memory, self._recipe.shape.sizes, width)
        self._parameters.packed[:] = networks.parameters
        states = [memory.empty(*state.shape) for state in networks.states]
        for aligned, state in zip(states, networks.states, strict=True):
            aligned[:] = state
        values = {name: value.astype(dtype) for name, value in networks.values.items()}
        return Lanes(self._parameters.packed, states, values, networks.limits.astype(dtype))

    def _pass(
        self,
        inputs: npt.NDArray[np.float64],
        targets: npt.NDArray[np.float64],
        codes: tuple[float, float] | None,
    ) -> Pass:
        return Pass(self._recipe.shape, inputs, targets, codes, self._parameters)

    def _learn(self, whole: Pass) -> Calls:
        if not self._recipe.online:
            return self._update(whole)
        calls: Calls = []
        for row, target in zip(self._recipe.task.inputs, self._recipe.task.targets, strict=True):
            single = self._pass(row[None], target[None], None)
            calls += single.forward().calls + self._update(single)
        return calls

    def _update(self, patterns: Pass) -> Calls:
        # One number for all multiplies as a constant: the same bits, less to read.
        values = {
            name: value if (value != value[0]).any() else value[0]
            for name, value in self.lanes.values.items()
        }
        values = {
            name: np.asarray(value, self._recipe.shape.dtype) for name, value in values.items()
        }
        program = patterns.backward(self._step, values["rate"])
        OPTIMIZERS[self._recipe.optimizer].emit(
            program,
            self._parameters.packed,
            self._step.packed,
            self.lanes.states,
            values,
            self._recipe.flags,
        )
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
