"""Adam: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import is_positive, is_share, key
from xorlab.networks.optimizers.optimizer import Optimizer, State, learning_rate

if TYPE_CHECKING:
    from xorlab.networks.optimizers.optimizer import Update
    from xorlab.networks.program import Array

# 1 minus this is 1: a power of beta need not get smaller, and so slow as numbers near the
# smallest are.
_NOTHING = 1e-30


@dataclass
class Adam(Optimizer, name="adam", order=4):
    """Steps from running means of the gradient and of its square."""

    lr: float = learning_rate(0.001)
    beta1: float = key(
        0.9,
        "decay of the mean of the gradient",
        "a number >= 0 and < 1",
        "optimizer=adam optimizer.beta1=0.8",
        is_share,
    )
    beta2: float = key(
        0.999,
        "decay of the mean of the squared gradient",
        "a number >= 0 and < 1",
        "optimizer=adam optimizer.beta2=0.99",
        is_share,
    )
    epsilon: float = key(
        1e-8,
        "added to the root of that mean",
        "a finite number > 0",
        "optimizer=adam optimizer.epsilon=1e-7",
        is_positive,
    )

    scratches: ClassVar[int] = 1

    def values(self) -> dict[str, float]:
        """Its numbers for one network."""
        return {
            "rate": 1.0,
            "lr": self.lr,
            "beta1": self.beta1,
            "beta2": self.beta2,
            "rest1": 1.0 - self.beta1,
            "rest2": 1.0 - self.beta2,
            "epsilon": self.epsilon,
        }

    def states(self) -> list[State]:
        """Both means of every weight, and the powers of both betas."""
        power = State(lambda rule: 1.0, shared=True)
        return [State(), State(), power, power]

    @staticmethod
    def emit(update: Update) -> None:
        """Adam (Kingma & Ba 2015, algorithm 1).

        With g the gradient at step t::

            m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
            w <- w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

        The paper's values: lr (its alpha) 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8.
        """
        import numpy as np

        program, values, parameters = update.program, update.values, update.parameters
        mean, square, power1, power2 = update.states
        step, other = update.step, update.scratch()
        program.emit(np.multiply, step, values["rest1"], other)
        program.emit(np.multiply, mean, values["beta1"], mean)
        program.emit(np.add, mean, other, mean)
        program.emit(np.multiply, step, step, other)
        program.emit(np.multiply, other, values["rest2"], other)
        program.emit(np.multiply, square, values["beta2"], square)
        program.emit(np.add, square, other, square)
        _unbias(update, square, power2, values["beta2"], other)
        program.emit(np.sqrt, other, other)
        program.emit(np.add, other, values["epsilon"], other)
        _unbias(update, mean, power1, values["beta1"], step)
        program.emit(np.multiply, step, values["lr"], step)
        program.emit(np.divide, step, other, step)
        program.emit(np.add, parameters, step, parameters)


def _unbias(update: Update, mean: Array, power: Array, beta: Array, out: Array) -> None:
    """``out`` <- ``mean`` / (1 - beta^t), and ``power`` <- beta^t."""
    import numpy as np

    program = update.program
    rest = program.empty(*power.shape)
    program.emit(np.multiply, power, beta, power)
    program.emit_bound(np.maximum, power, program.constant(_NOTHING), power)
    program.emit(np.subtract, program.constant(1.0), power, rest)
    program.emit(np.divide, mean, rest, out)
