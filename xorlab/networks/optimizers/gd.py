"""Gradient descent, with momentum and weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import is_share, key
from xorlab.networks.optimizers.optimizer import Optimizer, State, learning_rate, weight_decay

if TYPE_CHECKING:
    from xorlab.networks.optimizers.optimizer import Update


@dataclass
class Gd(Optimizer, name="gd", order=1):
    """Gradient descent, with momentum and weight decay where they are not zero."""

    lr: float = learning_rate(0.1)
    momentum: float = key(
        0.0,
        "momentum: share of the last step that is repeated",
        "a number >= 0 and < 1",
        "optimizer.momentum=0.9",
        is_share,
    )
    weight_decay: float = weight_decay()

    scratches: ClassVar[int] = 1

    def values(self) -> dict[str, float]:
        """The learning rate multiplies early, where arrays are small; so does weight decay's."""
        return {
            "rate": self.lr,
            "momentum": self.momentum,
            "decay": self.lr * self.weight_decay,
        }

    def flags(self) -> frozenset[str]:
        """Momentum and weight decay, where they are not zero."""
        parts = {"momentum": self.momentum, "decay": self.weight_decay}
        return frozenset(name for name, value in parts.items() if value)

    def states(self) -> list[State]:
        """The velocity."""
        return [State()] if self.momentum else []

    @staticmethod
    def emit(update: Update) -> None:
        """V <- momentum * v + step, w <- w + v (Rumelhart, Hinton & Williams 1986)."""
        import numpy as np

        program, step = update.program, update.step
        if "momentum" in update.flags:
            (velocity,) = update.states
            program.emit(np.multiply, velocity, update.values["momentum"], velocity)
            program.emit(np.add, velocity, step, velocity)
            step = velocity
        program.emit(np.add, update.parameters, step, update.parameters)
