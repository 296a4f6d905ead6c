"""The loss of many networks along lines through their weights, each at its own length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.program import Array, Calls, Program

Truths = npt.NDArray[np.bool_]


class Line:
    """A line per network: its weights, and a direction in which a search looks for lower ones.

    The weights themselves are moved to each trial point, so that trials need no passes of their
    own. Every number of a network comes from operations on single elements, or from sums in an
    order that depends on the number of weights alone: its bits are those of the network alone.

    Args:
        parameters: (K, W) weights and biases, changed in place.
        step: (K, W) minus the gradient, which ``descend`` sets.
        loss: (W,) what is minimised, which ``look`` sets.
        look: calls that run all patterns forward.
        descend: calls that run them back, after ``look``.
        watched: (W,) which networks still train; later changes count.
        evaluations: (W,) how many trials each network has made, to be counted on.
        ended: (W,) which networks have nothing left to try, to be set by the optimizer.

    Attributes:
        direction: (K, W), to be set before `begin`.
        loss: (W,) at the start of the line.
        slope: (W,) of the loss along the line, at its start.
        open: (W,) which networks are to search: those whose line leads down.
    """

    def __init__(
        self,
        parameters: Array,
        step: Array,
        loss: Array,
        look: Calls,
        descend: Calls,
        watched: Truths,
        evaluations: npt.NDArray[np.int64],
        ended: Truths,
    ) -> None:
        self.parameters, self.step = parameters, step
        self.watched, self.evaluations, self.ended = watched, evaluations, ended
        self._now, self._look, self._descend = loss, look, descend
        memory = Program(parameters.dtype)
        self.direction = memory.empty(*parameters.shape)
        self._start = memory.empty(*parameters.shape)
        self._terms = memory.empty(*parameters.shape)
        self.loss, self.slope = memory.empty(*loss.shape), memory.empty(*loss.shape)
        self.open = np.zeros(loss.shape, np.bool_)

    def dot(self, first: Array, second: Array) -> Array:
        """(W,) inner products of two arrays (K, W)."""
        np.multiply(first, second, self._terms)
        return folded(self._terms)

    def begin(self) -> None:
        """Start from the present weights, whose loss and gradient are known.

        Where the direction does not lead down, it becomes 0.
        """
        self._start[:] = self.parameters
        self.loss[:] = self._now
        self.slope[:] = -self.dot(self.direction, self.step)
        leads = (self.slope < 0) & np.isfinite(self.slope) & np.isfinite(self.loss)
        if not leads.all():
            self.direction[:, ~leads] = 0.0
        self.open[:] = leads & self.watched

    def value(self, length: Array, searching: Truths) -> Array:
        """(W,) the loss at these lengths (W,); a trial of the networks that are searching."""
        self.move(length)
        for call in self._look:
            call()
        self.evaluations += searching
        return self._now.copy()

    def slopes(self) -> Array:
        """(W,) slope of the loss along the line, where `value` was asked for last."""
        self.gradient()
        return -self.dot(self.direction, self.step)

    def gradient(self) -> Array:
        """(K, W) minus the gradient, where `value` was asked for last."""
        for call in self._descend:
            call()
        return self.step

    def move(self, length: Array) -> None:
        """Set the weights to those at these lengths, (W,)."""
        np.multiply(self.direction, length, self._terms)
        np.add(self._start, self._terms, self.parameters)


def folded(terms: Array) -> Array:
    """The sum over the first axis, in an order that depends on its length; overwrites ``terms``."""
    count = len(terms)
    while count > 1:
        half = count // 2
        np.add(terms[:half], terms[count - half : count], terms[:half])
        count -= half
    total: Array = terms[0].copy()
    return total
