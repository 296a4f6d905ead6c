"""What is measured of networks on a set of patterns: loss, right answers, the criterion."""

from __future__ import annotations

from functools import partial

import numpy as np

from xorlab.networks.columns import TrainingSpec
from xorlab.networks.passes import Pass
from xorlab.networks.program import Array, Calls, Program
from xorlab.networks.tasks.tasks import Patterns, Task


class Measured:
    """One set of patterns, run forward through networks side by side.

    Args:
        spec: what the networks share.
        patterns: the training set, or another.
        whole: a pass over them.
        limits: (W,) error, loss or wrong answers at or below which the criterion is met.
        look: whether the loss is asked for at every step.

    Attributes:
        forward: calls that run the patterns forward and set `outputs`, `error` and `within_limit`.
        within_limit: (W,) whether the criterion is met.
        compute_loss: calls that set `loss` from `error`.
        loss: (W,) mean squared error over patterns and outputs.
        compute_accuracy: calls that set `accuracy`; empty where no answer is right or wrong.
        accuracy: (W,) share of patterns that are answered rightly.
        outputs: (P, O, W).
        error: (P, O, W) target minus output.
    """

    def __init__(
        self,
        spec: TrainingSpec,
        patterns: Task | Patterns,
        whole: Pass,
        limits: Array,
        look: bool = False,
    ) -> None:
        self._spec, self._targets = spec, patterns.targets
        self.outputs, self.error = whole.outputs, whole.error
        width = limits.shape[0]
        self.within_limit = np.zeros(width, np.bool_)
        self.loss, self.compute_loss = self._loss_calls()
        self._right = Program(spec.shape.dtype).empty(width)
        self.accuracy = np.zeros_like(self._right)
        rightly = self._right_calls()
        self.compute_accuracy: Calls = rightly and [*rightly, *self._accuracy_calls()]
        self.forward: Calls = whole.forward().calls
        # An unbounded output can leave the finite numbers in the loss before it does in a weight.
        if look or spec.by_loss or not spec.shape.activations()[-1].bounded:
            self.forward += self.compute_loss
        if spec.by_accuracy:
            self.forward += rightly
        self.forward = spec.lowered(self.forward + self._limit_calls(limits))
        self.compute_loss = spec.lowered(self.compute_loss)
        self.compute_accuracy = spec.lowered(self.compute_accuracy)

    def _loss_calls(self) -> tuple[Array, Calls]:
        program = Program(self._spec.shape.dtype)
        squares = program.empty(*self.error.shape)
        terms = squares.reshape(-1, squares.shape[-1])
        loss = program.empty(terms.shape[1])
        program.emit(np.multiply, self.error, self.error, squares)
        program.fold(terms, 0, loss)
        program.emit(np.divide, loss, program.constant(len(terms)), loss)
        return loss, program.calls

    def _right_calls(self) -> Calls:
        """Calls that count right answers; see `xorlab.networks.metrics.accuracy`."""
        program, answer = Program(self._spec.shape.dtype), self._spec.task.answer
        if answer is None:
            return []
        patterns, outputs, width = self.outputs.shape
        scratch = program.empty(patterns, outputs, width)
        most, right = program.empty(patterns, width), program.empty(patterns, width)
        if answer == "codes":
            program.emit(np.abs, self.error, scratch)
            program.fold(scratch, 1, most, by=np.maximum)
            program.emit(np.less, most, program.constant(self._spec.task.margin), right)
        else:
            own = self._targets == self._spec.task.targets.max()
            rows = np.flatnonzero(own)
            hidden = np.where(own, -np.inf, 0.0)[:, :, None].astype(self._spec.shape.dtype)
            flat = self.outputs.reshape(-1, width)
            program.emit(np.add, self.outputs, hidden, scratch)
            program.fold(scratch, 1, most, by=np.maximum)
            program.emit(np.take, flat, rows, 0, right, "clip")
            program.emit(np.greater, right, most, right)
        program.fold(right, 0, self._right)
        return program.calls

    def _accuracy_calls(self) -> Calls:
        program = Program(self._spec.shape.dtype)
        program.emit(np.divide, self._right, program.constant(len(self._targets)), self.accuracy)
        return program.calls

    def _limit_calls(self, limits: Array) -> Calls:
        program = Program(self._spec.shape.dtype)
        value = self.loss
        if self._spec.by_accuracy:
            value = program.empty(*self._right.shape)
            program.emit(np.subtract, program.constant(len(self._targets)), self._right, value)
        elif not self._spec.by_loss:
            sizes = program.empty(*self.error.shape)
            terms = sizes.reshape(-1, sizes.shape[-1])
            value = program.empty(terms.shape[1])
            program.emit(np.abs, self.error, sizes)
            program.fold(terms, 0, value, by=np.maximum)
        program.calls.append(partial(np.less_equal, value, limits, self.within_limit))
        return program.calls
