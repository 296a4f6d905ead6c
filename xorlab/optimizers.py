"""How a gradient becomes a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xorlab.config import OptimizerConfig
from xorlab.program import Array, Program


@dataclass(frozen=True)
class Optimizer:
    """An update rule over packed parameters of shape (K, N).

    Attributes:
        state: ``state(config)``: how many arrays of shape (K, N) it carries from step to step.
        values: ``values(config, scale)``: its numbers for one network, given the loss's scale.
        flags: ``flags(config)``: which of its parts are in use; networks trained together agree.
        emit: ``emit(program, parameters, step, state, values, flags)`` emits one update.
            ``step`` (K, N) is minus the gradient times the value ``rate``; each entry of
            ``values`` is an array of shape () or (N,).
    """

    state: Callable[[OptimizerConfig], int]
    values: Callable[[OptimizerConfig, float], dict[str, float]]
    flags: Callable[[OptimizerConfig], frozenset[str]]
    emit: Callable[[Program, Array, Array, list[Array], dict[str, Array], frozenset[str]], None]


def _gd_values(config: OptimizerConfig, scale: float) -> dict[str, float]:
    return {
        "rate": config.lr * scale,
        "momentum": config.momentum,
        "decay": config.lr * config.weight_decay,
    }


def _gd_flags(config: OptimizerConfig) -> frozenset[str]:
    parts = {"momentum": config.momentum, "decay": config.weight_decay}
    return frozenset(name for name, value in parts.items() if value)


def _gd_emit(
    program: Program,
    parameters: Array,
    step: Array,
    state: list[Array],
    values: dict[str, Array],
    flags: frozenset[str],
) -> None:
    """Gradient descent; v <- momentum * v + step, w <- w + v (Rumelhart et al. 1986)."""
    if "decay" in flags:
        shrink = program.empty(*parameters.shape)
        program.emit(np.multiply, parameters, values["decay"], shrink)
        program.emit(np.subtract, step, shrink, step)
    if "momentum" in flags:
        (velocity,) = state
        program.emit(np.multiply, velocity, values["momentum"], velocity)
        program.emit(np.add, velocity, step, velocity)
        step = velocity
    program.emit(np.add, parameters, step, parameters)


OPTIMIZERS: dict[str, Optimizer] = {
    "gd": Optimizer(
        state=lambda config: int(config.momentum > 0),
        values=_gd_values,
        flags=_gd_flags,
        emit=_gd_emit,
    ),
}
