"""Quickprop: a jump to the lowest point of a parabola, weight by weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import choice, is_positive, key
from xorlab.networks.optimizers.optimizer import Optimizer, State, learning_rate, weight_decay

if TYPE_CHECKING:
    from xorlab.networks.optimizers.optimizer import Update

GRADIENT_TERMS = ("same_sign", "always", "zero_step")


@dataclass
class Quickprop(Optimizer, name="quickprop", order=3):
    """A parabola through the last two gradients of every weight."""

    lr: float = learning_rate(0.1)
    weight_decay: float = weight_decay()
    mu: float = key(
        1.75,
        "a step is at most this times the last",
        "a finite number > 0",
        "optimizer=quickprop optimizer.mu=2",
        is_positive,
    )
    gradient_term: str = choice(
        "same_sign",
        GRADIENT_TERMS,
        "when lr times the gradient is added to the parabola's step: "
        "unless the last step went too far, always, or only where the last step was zero",
        "optimizer=quickprop optimizer.gradient_term=always",
    )

    scratches: ClassVar[int] = 4
    batch_only: ClassVar[str | None] = "Fahlman (1988) fits parabolas to whole gradients"

    def values(self) -> dict[str, float]:
        """Its numbers for one network."""
        return {
            "rate": 1.0,
            "lr": self.lr,
            "mu": self.mu,
            "shrink": self.mu / (1.0 + self.mu),
            "decay": self.weight_decay,
        }

    def flags(self) -> frozenset[str]:
        """How the gradient is added, and weight decay where it is not zero."""
        return frozenset({self.gradient_term} | ({"decay"} if self.weight_decay else set()))

    def states(self) -> list[State]:
        """Last step and last slope of every weight."""
        return [State(), State()]

    @staticmethod
    def emit(update: Update) -> None:
        """Quickprop (Fahlman 1988).

        With S(t) the slope of one weight, weight decay included, and dw(t-1) its last step, the
        parabola through S(t-1) and S(t) is lowest at ``dw(t-1) S(t) / (S(t-1) - S(t))``. Where the
        slope is not less steep than mu / (1 + mu) times the last, that would be too long or the
        wrong way, and the step is ``mu dw(t-1)``. Gradient descent, ``-lr S(t)``, starts a weight
        that did not move, and (``gradient_term``) is added to other steps:

        - ``same_sign``, Fahlman's choice: where the slope still points the way of the last step;
        - ``always``;
        - ``zero_step``: to no others.

        Fahlman's names are mu (1.75), epsilon (here ``lr``; he gives no one value for all problems)
        and decay (here ``weight_decay``; he suggests 1e-4). Left out are his offset of 0.1 to the
        logistic function's derivative, his split epsilon (``lr`` divided by the number of
        connections into a unit), and his error function, the hyperbolic arctangent of the error.
        """
        import numpy as np

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
