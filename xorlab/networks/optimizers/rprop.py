"""Resilient propagation: steps that follow the sign of the gradient alone."""

from __future__ import annotations

import numpy as np

from xorlab.config.groups import OptimizerConfig
from xorlab.networks.optimizers.rule import Optimizer, State, Update, given


def _values(config: OptimizerConfig) -> dict[str, float]:
    return {
        "rate": 1.0,
        "eta_plus": given(config.eta_plus),
        "eta_minus": given(config.eta_minus),
        "delta_max": given(config.delta_max),
        "delta_min": given(config.delta_min),
    }


def _states(config: OptimizerConfig) -> list[State]:
    size = State(lambda config: given(config.delta_0))
    return [size, State(), State()]


def _emit(update: Update) -> None:
    """RPROP with weight backtracking (Riedmiller & Braun 1993).

    With g(t) the gradient of one weight and s = g(t-1) g(t)::

        s > 0:  delta <- min(delta * eta_plus, delta_max),  dw <- -sign(g) delta
        s < 0:  delta <- max(delta * eta_minus, delta_min), dw <- -dw(t-1),  g(t) <- 0
        s = 0:  dw <- -sign(g) delta
        w <- w + dw

    The paper's values: eta_plus 1.2, eta_minus 0.5, delta_0 0.1, delta_max 50, delta_min 1e-6.
    Signs are multiplied, not gradients, whose product may be too small for a number.
    """
    program, values = update.program, update.values
    size, move, before = update.states
    sign, other, turned = update.step, update.scratch(), update.scratch()
    same, opposite, zero = update.mask(), update.mask(), program.constant(0.0)
    program.emit(np.sign, sign, sign)
    program.emit(np.multiply, before, sign, other)
    program.emit(np.greater, other, zero, same)
    program.emit(np.less, other, zero, opposite)
    program.emit(np.multiply, size, values["eta_plus"], other)
    program.emit_bound(np.minimum, other, values["delta_max"], other)
    program.emit(np.multiply, size, values["eta_minus"], turned)
    program.emit_bound(np.maximum, turned, values["delta_min"], turned)
    program.emit_where(same, other, size)
    program.emit_where(opposite, turned, size)
    program.emit(np.negative, move, turned)
    program.emit(np.multiply, sign, size, move)
    program.emit_where(opposite, turned, move)
    program.emit(np.add, update.parameters, move, update.parameters)
    program.emit(np.copyto, before, sign)
    program.emit_where(opposite, zero, before)


RPROP = Optimizer(values=_values, emit=_emit, states=_states, scratches=2)
