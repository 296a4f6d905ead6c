"""Levenberg-Marquardt: Gauss-Newton steps, damped as far as needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import is_finite, is_positive, key
from xorlab.networks.optimizers.optimizer import State, weight_decay
from xorlab.networks.optimizers.searching import Searching

if TYPE_CHECKING:
    from xorlab.networks.line import Line
    from xorlab.networks.optimizers.optimizer import Update
    from xorlab.networks.program import Array

_LEAST, _MOST = 1e-20, 1e10  # of the damping


@dataclass
class LevenbergMarquardt(Searching, name="levenberg_marquardt", order=12):
    """Steps to the minimum of the loss with linearised outputs, damped until they go down."""

    damping: float = key(
        0.01,
        "what is added to the diagonal of the approximate Hessian at first",
        f"a number from {_LEAST:g} to {_MOST:g}",
        "optimizer=levenberg_marquardt optimizer.damping=1",
        lambda v: is_positive(v) and _LEAST <= v <= _MOST,
    )
    damping_factor: float = key(
        10.0,
        "the damping is multiplied by this after a step that does not go down, and divided by it "
        "after one that does",
        "a finite number > 1",
        "optimizer=levenberg_marquardt optimizer.damping_factor=4",
        lambda v: is_finite(v) and v > 1,
    )
    weight_decay: float = weight_decay()

    needs_jacobian: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...] | None] = ("half_sse", "half_mse")

    def values(self) -> dict[str, float]:
        """Its numbers for one network."""
        return {"rate": 1.0, "decay": self.weight_decay, "factor": self.damping_factor}

    def flags(self) -> frozenset[str]:
        """Weight decay, where it is not zero."""
        return frozenset({"decay"} if self.weight_decay else ())

    def states(self) -> list[State]:
        """The damping."""
        return [State(lambda rule: rule.damping, shared=True)]

    @staticmethod
    def advance(update: Update, line: Line) -> Array:
        """Levenberg (1944), Marquardt (1963), as Hagan & Menhaj (1994) train networks.

        With J the derivatives of outputs by weights and g the gradient::

            (J^T J + damping I) dw = -g

        with the scale of the loss, and weight decay on the diagonal. The damping grows until dw
        lowers the loss; where it exceeds 1e10 the run ends. Hagan & Menhaj's values: damping 0.01,
        factor 10.
        """
        import numpy as np

        from xorlab.networks.cholesky import solve

        assert update.jacobian is not None  # noqa: S101  (it is there because it is needed)
        damping, values = update.states[0][0], update.values
        line.direction[:] = line.step
        line.begin()
        downhill = line.step.copy()
        squares = update.jacobian.squares() * values["rate"]
        searching, accepted = line.open.copy(), np.zeros_like(line.open)
        while searching.any():
            move = solve(squares, damping + values["decay"], downhill)
            np.copyto(line.direction, move, where=searching)
            loss = line.value(line.open.astype(line.loss.dtype), searching)
            lower = searching & (loss < line.loss)
            accepted |= lower
            less = np.maximum(damping / values["factor"], _LEAST)
            more = np.where(searching, damping * values["factor"], damping)
            damping[:] = np.where(lower, less, more)
            searching &= ~lower & (damping <= _MOST)
        np.copyto(line.direction, 0, where=~accepted)
        line.ended |= line.watched & ~accepted
        return accepted.astype(line.loss.dtype)
