"""Delta-bar-delta: a learning rate for every weight, which learns as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import is_positive, is_share, key
from xorlab.networks.optimizers.optimizer import Optimizer, State, learning_rate

if TYPE_CHECKING:
    from xorlab.networks.optimizers.optimizer import Update


@dataclass
class DeltaBarDelta(Optimizer, name="delta_bar_delta", order=5):
    """A learning rate for every weight, which grows by sums and shrinks by shares."""

    lr: float = learning_rate(0.1)
    kappa: float = key(
        0.035,
        "added to a rate while its gradient keeps its sign",
        "a finite number > 0",
        "optimizer=delta_bar_delta optimizer.kappa=0.1",
        is_positive,
    )
    phi: float = key(
        0.333,
        "share of a rate that is lost when its gradient changes sign",
        "a number > 0 and < 1",
        "optimizer=delta_bar_delta optimizer.phi=0.1",
        lambda v: is_positive(v) and v < 1,
    )
    theta: float = key(
        0.7,
        "decay of the mean gradient that a new one is compared with",
        "a number >= 0 and < 1",
        "optimizer=delta_bar_delta optimizer.theta=0.5",
        is_share,
    )

    scratches: ClassVar[int] = 1
    batch_only: ClassVar[str | None] = "Jacobs (1988) compares whole gradients with their mean"

    def values(self) -> dict[str, float]:
        """Its numbers for one network."""
        return {
            "rate": 1.0,
            "kappa": self.kappa,
            "kept": 1.0 - self.phi,
            "theta": self.theta,
            "rest": 1.0 - self.theta,
        }

    def states(self) -> list[State]:
        """Learning rate and mean gradient of every weight."""
        return [State(lambda rule: rule.lr), State()]

    @staticmethod
    def emit(update: Update) -> None:
        """Delta-bar-delta (Jacobs 1988), without the momentum of his hybrid rule.

        With d(t) the gradient of one weight, e its rate and
        b(t) = (1 - theta) d(t) + theta b(t-1)::

            b(t-1) d(t) > 0:  e <- e + kappa
            b(t-1) d(t) < 0:  e <- e - phi e
            w <- w - e d(t)

        Every e starts at ``lr``, the paper's epsilon_0. The paper tunes all four to each problem
        and has no values for all; the defaults here are a choice.
        """
        import numpy as np

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
