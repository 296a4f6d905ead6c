"""iRprop-: resilient propagation without a way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.optimizers.optimizer import State
from xorlab.networks.optimizers.rprop import STEP_SIZES, Rprop, emit_sizes

if TYPE_CHECKING:
    from xorlab.networks.optimizers.optimizer import Update


@dataclass
class IrpropMinus(Rprop, name="irprop_minus", order=7):
    """A weight whose gradient changes sign waits for one step."""

    scratches: ClassVar[int] = 3

    def states(self) -> list[State]:
        """Step size and last gradient of every weight."""
        return [STEP_SIZES, State()]

    @staticmethod
    def emit(update: Update) -> None:
        """iRprop- (Igel & Huesken 2003).

        With g(t) the gradient of one weight and s = g(t-1) g(t)::

            s > 0:  delta <- min(delta * eta_plus, delta_max)
            s < 0:  delta <- max(delta * eta_minus, delta_min), g(t) <- 0
            dw <- -sign(g) delta, w <- w + dw
        """
        import numpy as np

        program = update.program
        size, before = update.states
        sign, move, opposite = update.step, update.scratch(), update.mask()
        emit_sizes(update, size, before, opposite)
        program.emit_where(opposite, program.constant(0.0), sign)
        program.emit(np.multiply, sign, size, move)
        program.emit(np.add, update.parameters, move, update.parameters)
        program.emit(np.copyto, before, sign)
