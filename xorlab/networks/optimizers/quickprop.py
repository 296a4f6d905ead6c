"""Quickprop: a jump to the lowest point of a parabola, weight by weight."""

from __future__ import annotations

import numpy as np

from xorlab.config.groups import OptimizerConfig
from xorlab.networks.optimizers.rule import Optimizer, State, Update, given


def _values(config: OptimizerConfig) -> dict[str, float]:
    mu = given(config.mu)
    return {
        "rate": 1.0,
        "lr": given(config.lr),
        "mu": mu,
        "shrink": mu / (1.0 + mu),
        "decay": given(config.weight_decay),
    }


def _flags(config: OptimizerConfig) -> frozenset[str]:
    assert config.gradient_term is not None  # noqa: S101  (checked with the configuration)
    return frozenset({config.gradient_term} | ({"decay"} if config.weight_decay else set()))


def _emit(update: Update) -> None:
    """Quickprop (Fahlman 1988).

    With S(t) the slope of one weight, weight decay included, and dw(t-1) its last step, the
    parabola through S(t-1) and S(t) is lowest at ``dw(t-1) S(t) / (S(t-1) - S(t))``. Where the
    slope is not less steep than mu / (1 + mu) times the last, that would be too long or the wrong
    way, and the step is ``mu dw(t-1)``. Gradient descent, ``-lr S(t)``, starts a weight that did
    not move, and (``gradient_term``) is added to other steps:

    - ``same_sign``, Fahlman's choice: where the slope still points the way of the last step;
    - ``always``;
    - ``zero_step``: to no others.

    Fahlman's names are mu (1.75), epsilon (here ``lr``; he gives no one value for all problems)
    and decay (here ``weight_decay``; he suggests 1e-4). His offset of 0.1 to the logistic
    function's derivative is not part of this rule.
    """
    program, values = update.program, update.values
    downhill, parameters = update.step, update.parameters
    move, before = update.states
    way, ahead, past = update.scratch(), update.scratch(), update.scratch()
    far, idle, still = update.mask(), update.mask(), update.mask()
    zero, one = program.constant(0.0), program.constant(1.0)
    # Slopes along the last step: those that point the other way are negative.
    program.emit(np.sign, move, way)
    program.emit(np.multiply, way, downhill, ahead)
    program.emit(np.multiply, way, before, past)
    program.emit(np.multiply, past, values["shrink"], past)
    program.emit(np.greater_equal, ahead, past, far)
    # The parabola's step; where it is not used, a divisor that does no harm.
    jump = past
    program.emit(np.subtract, before, downhill, jump)
    program.emit_where(far, one, jump)
    program.emit(np.divide, downhill, jump, jump)
    program.emit(np.multiply, jump, move, jump)
    descent = way
    program.emit(np.multiply, downhill, values["lr"], descent)
    if "always" not in update.flags:
        program.emit(np.not_equal, move, zero, idle)
        if "same_sign" in update.flags:
            program.emit(np.less_equal, ahead, zero, still)
            program.emit(np.logical_and, idle, still, idle)
        program.emit_where(idle, zero, descent)
    program.emit(np.multiply, move, values["mu"], move)
    program.emit_where(far, move, jump)
    program.emit(np.add, jump, descent, move)
    program.emit(np.add, parameters, move, parameters)
    program.emit(np.copyto, before, downhill)


QUICKPROP = Optimizer(
    values=_values,
    emit=_emit,
    states=lambda config: [State(), State()],
    flags=_flags,
    scratches=4,
)
