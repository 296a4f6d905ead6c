"""iRprop+: resilient propagation that goes back only where the loss has risen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.optimizers.optimizer import State
from xorlab.networks.optimizers.rprop import STEP_SIZES, Rprop, emit_sizes

if TYPE_CHECKING:
    from xorlab.networks.optimizers.optimizer import Update


@dataclass
class IrpropPlus(Rprop, name="irprop_plus", order=6):
    """A weight whose gradient changes sign goes back where the loss has risen, or else waits."""

    scratches: ClassVar[int] = 3
    needs_loss: ClassVar[bool] = True

    def states(self) -> list[State]:
        """Step size, last step and last gradient of every weight; the last loss."""
        last = State(lambda rule: math.inf, shared=True)
        return [STEP_SIZES, State(), State(), last]

    @staticmethod
    def emit(update: Update) -> None:
        """iRprop+ (Igel & Huesken 2003).

        With g(t) the gradient of one weight, s = g(t-1) g(t), and E the loss that is minimised::

            s > 0:  delta <- min(delta * eta_plus, delta_max),  dw <- -sign(g) delta
            s < 0:  delta <- max(delta * eta_minus, delta_min), g(t) <- 0,
                    dw <- -dw(t-1) if E(t) > E(t-1), else 0
            s = 0:  dw <- -sign(g) delta
            w <- w + dw
        """
        import numpy as np

        program, loss = update.program, update.loss
        size, move, before, last = update.states
        sign, back, zero = update.step, update.scratch(), program.constant(0.0)
        opposite, fallen = update.mask(), program.mask(*last.shape)
        emit_sizes(update, size, before, opposite)
        program.emit(np.less_equal, loss, last, fallen)
        program.emit(np.negative, move, back)
        program.emit_where(fallen, zero, back)
        program.emit(np.multiply, sign, size, move)
        program.emit_where(opposite, back, move)
        program.emit(np.add, update.parameters, move, update.parameters)
        program.emit(np.copyto, before, sign)
        program.emit_where(opposite, zero, before)
        program.emit(np.copyto, last, loss)
