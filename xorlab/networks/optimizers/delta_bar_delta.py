"""Delta-bar-delta: a learning rate for every weight, which learns as well."""

from __future__ import annotations

import numpy as np

from xorlab.config.groups import OptimizerConfig
from xorlab.networks.optimizers.rule import Optimizer, State, Update, given


def _values(config: OptimizerConfig) -> dict[str, float]:
    theta = given(config.theta)
    return {
        "rate": 1.0,
        "kappa": given(config.kappa),
        "kept": 1.0 - given(config.phi),
        "theta": theta,
        "rest": 1.0 - theta,
    }


def _states(config: OptimizerConfig) -> list[State]:
    rate = State(lambda config: given(config.lr))
    return [rate, State()]


def _emit(update: Update) -> None:
    """Delta-bar-delta (Jacobs 1988), without the momentum of his hybrid rule.

    With d(t) the gradient of one weight, e its rate and b(t) = (1 - theta) d(t) + theta b(t-1)::

        b(t-1) d(t) > 0:  e <- e + kappa
        b(t-1) d(t) < 0:  e <- e - phi e
        w <- w - e d(t)

    Every e starts at ``lr``, the paper's epsilon_0. The paper tunes all four to each problem and
    has no values for all; the defaults here are a choice.
    """
    program, values, parameters = update.program, update.values, update.parameters
    rate, mean = update.states
    step, other = update.step, update.scratch()
    same, opposite, zero = update.mask(), update.mask(), program.constant(0.0)
    program.emit(np.multiply, mean, step, other)
    program.emit(np.greater, other, zero, same)
    program.emit(np.less, other, zero, opposite)
    program.emit(np.add, rate, values["kappa"], other)
    program.emit_where(same, other, rate)
    program.emit(np.multiply, rate, values["kept"], other)
    program.emit_where(opposite, other, rate)
    program.emit(np.multiply, mean, values["theta"], mean)
    program.emit(np.multiply, step, values["rest"], other)
    program.emit(np.add, mean, other, mean)
    program.emit(np.multiply, step, rate, step)
    program.emit(np.add, parameters, step, parameters)


DELTA_BAR_DELTA = Optimizer(values=_values, emit=_emit, states=_states, scratches=1)
