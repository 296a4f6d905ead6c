"""Gradient descent, with momentum and weight decay."""

from __future__ import annotations

import numpy as np

from xorlab.config.groups import OptimizerConfig
from xorlab.networks.optimizers.rule import Optimizer, State, Update, given


def _values(config: OptimizerConfig) -> dict[str, float]:
    lr = given(config.lr)
    return {
        "rate": lr,
        "momentum": given(config.momentum),
        "decay": lr * given(config.weight_decay),
    }


def _flags(config: OptimizerConfig) -> frozenset[str]:
    parts = {"momentum": config.momentum, "decay": config.weight_decay}
    return frozenset(name for name, value in parts.items() if value)


def _states(config: OptimizerConfig) -> list[State]:
    return [State()] if config.momentum else []


def _emit(update: Update) -> None:
    """V <- momentum * v + step, w <- w + v (Rumelhart, Hinton & Williams 1986)."""
    program, step = update.program, update.step
    if "momentum" in update.flags:
        (velocity,) = update.states
        program.emit(np.multiply, velocity, update.values["momentum"], velocity)
        program.emit(np.add, velocity, step, velocity)
        step = velocity
    program.emit(np.add, update.parameters, step, update.parameters)


# The learning rate multiplies early, where arrays are small; so does weight decay's.
GD = Optimizer(values=_values, emit=_emit, states=_states, flags=_flags, scratches=1)
