"""Resilient propagation: steps that follow the sign of the gradient alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import is_finite, is_optional, is_positive, key
from xorlab.errors import ConfigError
from xorlab.networks.optimizers.optimizer import Optimizer, State

if TYPE_CHECKING:
    from xorlab.networks.optimizers.optimizer import Update
    from xorlab.networks.program import Array


STEP_SIZES = State(lambda rule: rule.delta_0, lambda rule: rule.delta_0_high)


@dataclass
class Rprop(Optimizer, name="rprop", order=2):
    """A step size for every weight, which follows the gradient's sign alone."""

    eta_plus: float = key(
        1.2,
        "a step grows by this while its gradient keeps its sign",
        "a finite number >= 1",
        "optimizer=rprop optimizer.eta_plus=1.1",
        lambda v: is_finite(v) and v >= 1,
    )
    eta_minus: float = key(
        0.5,
        "a step shrinks by this when its gradient changes sign",
        "a number > 0 and < 1",
        "optimizer=rprop optimizer.eta_minus=0.7",
        lambda v: is_positive(v) and v < 1,
    )
    delta_0: float = key(
        0.1,
        "size of the first step of every weight",
        "a finite number > 0",
        "optimizer=rprop optimizer.delta_0=0.01",
        is_positive,
    )
    delta_max: float = key(
        50.0,
        "largest step",
        "a finite number > 0",
        "optimizer=rprop optimizer.delta_max=1",
        is_positive,
    )
    delta_min: float = key(
        1e-6,
        "smallest step",
        "a finite number >= 0",
        "optimizer=rprop optimizer.delta_min=1e-9",
        lambda v: is_finite(v) and v >= 0,
    )
    delta_0_high: float | None = key(
        None,
        "if set: the first step of every weight is drawn between optimizer.delta_0 and this, by "
        "the run's seed",
        "a finite number > 0, or null",
        "optimizer=rprop optimizer.delta_0=0.005 optimizer.delta_0_high=0.02",
        is_optional(is_positive),
        added_after_v1=True,
    )

    scratches: ClassVar[int] = 2
    batch_only: ClassVar[str | None] = (
        "Riedmiller & Braun (1993) compare the signs of whole gradients"
    )

    def check(self) -> None:
        """Refuse a first step that is not between the smallest and the largest."""
        if not self.delta_min <= self.delta_0 <= self.delta_max:
            raise ConfigError(
                "optimizer.delta_0",
                self.delta_0,
                f"from optimizer.delta_min={self.delta_min} to "
                f"optimizer.delta_max={self.delta_max}",
            )
        high = self.delta_0_high
        if high is not None and not self.delta_0 <= high <= self.delta_max:
            raise ConfigError(
                "optimizer.delta_0_high",
                high,
                f"from optimizer.delta_0={self.delta_0} to optimizer.delta_max={self.delta_max}",
            )

    def values(self) -> dict[str, float]:
        """Its numbers for one network."""
        return {
            "rate": 1.0,
            "eta_plus": self.eta_plus,
            "eta_minus": self.eta_minus,
            "delta_max": self.delta_max,
            "delta_min": self.delta_min,
        }

    def states(self) -> list[State]:
        """Step size, last step and last gradient of every weight."""
        return [STEP_SIZES, State(), State()]

    def flags(self) -> frozenset[str]:
        """Whether the first steps are drawn."""
        return frozenset({"drawn"} if self.delta_0_high is not None else ())

    @staticmethod
    def emit(update: Update) -> None:
        """RPROP with weight backtracking (Riedmiller & Braun 1993).

        With g(t) the gradient of one weight and s = g(t-1) g(t)::

            s > 0:  delta <- min(delta * eta_plus, delta_max),  dw <- -sign(g) delta
            s < 0:  delta <- max(delta * eta_minus, delta_min), dw <- -dw(t-1),  g(t) <- 0
            s = 0:  dw <- -sign(g) delta
            w <- w + dw

        The paper's values: eta_plus 1.2, eta_minus 0.5, delta_0 0.1, delta_max 50, delta_min 1e-6.
        Signs are multiplied, not gradients, whose product may be too small for a number.
        """
        import numpy as np

        program = update.program
        size, move, before = update.states
        sign, opposite, zero = update.step, update.mask(), program.constant(0.0)
        turned = emit_sizes(update, size, before, opposite)
        program.emit(np.negative, move, turned)
        program.emit(np.multiply, sign, size, move)
        program.emit_where(opposite, turned, move)
        program.emit(np.add, update.parameters, move, update.parameters)
        program.emit(np.copyto, before, sign)
        program.emit_where(opposite, zero, before)


def emit_sizes(update: Update, size: Array, before: Array, opposite: Array) -> Array:
    """Emit what all kinds of RPROP begin with: the sizes of the steps, from signs of gradients.

    Args:
        update: its step becomes the sign of minus the gradient.
        size: (K, N) sizes of the steps, to be changed.
        before: (K, N) signs of the last update.
        opposite: (K, N) Boolean, to be set: where the sign has changed.

    Returns:
        an array like the parameters, free to be used.
    """
    import numpy as np

    program, values = update.program, update.values
    sign, other, turned = update.step, update.scratch(), update.scratch()
    same, zero = update.mask(), program.constant(0.0)
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
    return turned
