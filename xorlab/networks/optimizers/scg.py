"""Scaled conjugate gradients: conjugate gradients without a line search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import is_positive, key
from xorlab.networks.optimizers.optimizer import State, weight_decay
from xorlab.networks.optimizers.searching import Searching

if TYPE_CHECKING:
    from xorlab.networks.line import Line
    from xorlab.networks.optimizers.optimizer import Update
    from xorlab.networks.program import Array

_LARGEST = 1e15  # of lambda, relative to what it starts with: the steps are then lost in rounding


@dataclass
class Scg(Searching, name="scg", order=11):
    """Conjugate gradients whose step follows from the curvature along the direction."""

    sigma: float = key(
        1e-4,
        "how far, in weight space, the gradient is looked at to find the curvature",
        "a number > 0 and <= 0.01",
        "optimizer=scg optimizer.sigma=1e-5",
        lambda v: is_positive(v) and v <= 0.01,
    )
    lambda_0: float = key(
        1e-6,
        "what is added to the curvature at first",
        "a number > 0 and <= 1",
        "optimizer=scg optimizer.lambda_0=1e-7",
        lambda v: is_positive(v) and v <= 1,
    )
    weight_decay: float = weight_decay()

    trials: ClassVar[int] = 2

    def values(self) -> dict[str, float]:
        """Its numbers for one network."""
        return {
            "rate": 1.0,
            "decay": self.weight_decay,
            "sigma": self.sigma,
            "largest": self.lambda_0 * _LARGEST,
        }

    def flags(self) -> frozenset[str]:
        """Weight decay, where it is not zero."""
        return frozenset({"decay"} if self.weight_decay else ())

    def states(self) -> list[State]:
        """Direction and last gradient; lambda, and numbers of the last iteration.

        They are whether it went anywhere, mu, the curvature, the lambda in it, and how many there
        were since the last restart.
        """
        numbers = [State(lambda rule: rule.lambda_0, shared=True)]
        numbers.append(State(lambda rule: 1.0, shared=True))
        return [State(), State(), *numbers, *(State(shared=True) for _ in range(4))]

    @staticmethod
    def advance(update: Update, line: Line) -> Array:
        """One iteration of SCG (Moller 1993, page 530); one that fails counts as an epoch too.

        With r = -E'(w), p the direction and m = p . r::

            succeeded: s = (E'(w + sigma p / |p|) - E'(w)) |p| / sigma,  delta = p . s
            delta <- delta + (lambda - lambda') |p|^2
            delta <= 0: lambda' <- 2 (lambda - delta / |p|^2),
                        delta <- lambda |p|^2 - delta,  lambda <- lambda'
            alpha = m / delta,  D = 2 delta (E(w) - E(w + alpha p)) / m^2
            D >= 0: w <- w + alpha p,  lambda' <- 0, and the next direction is
                    p <- r + p (r . r - r . r(t-1)) / m, or r after as many as there are weights
            D < 0:  lambda' <- lambda
            D >= 3/4: lambda <- lambda / 4
            D < 1/4:  lambda <- lambda + delta (1 - D) / |p|^2
        """
        import numpy as np

        direction, before, *shared = update.states
        scale, moved, product, curvature, held, count = (one[0] for one in shared)
        went = moved > 0
        residual = line.step.copy()
        beta = (line.dot(residual, residual) - line.dot(residual, before)) / product
        restart = (count == 0) | (count >= len(residual))
        np.copyto(count, 0, where=went & restart)
        turned = np.where(restart, 0, beta).astype(beta.dtype) * direction + residual
        np.copyto(direction, turned, where=went)
        before[:] = residual
        # A direction that does not lead down, which rounding can make, is given up.
        product[:] = line.dot(direction, residual)
        lost = ~(product > 0)
        np.copyto(direction, residual, where=lost)
        np.copyto(count, 0, where=lost)
        went |= lost
        product[:] = line.dot(direction, residual)
        line.direction[:] = direction
        line.begin()
        square = line.dot(direction, direction)
        near = update.values["sigma"] / np.sqrt(square)
        looks = line.open & went
        if looks.any():
            line.value(np.where(looks, near, 0), looks)
            change = residual - line.gradient()
            second = line.dot(direction, change) / near
            np.copyto(curvature, second, where=went)
        np.copyto(held, 0, where=went)
        delta = curvature + (scale - held) * square
        negative = delta <= 0
        lifted = np.where(negative, 2 * (scale - delta / square), held)
        delta = np.where(negative, scale * square - delta, delta)
        scale[:] = np.where(negative, lifted, scale)
        length = np.where(line.open, product / delta, 0)
        fall = line.loss - line.value(length, line.open)
        gain = 2 * delta * fall / (product * product)
        accepted = line.open & (gain >= 0)
        # What was added to the curvature; after a failure only what comes on top is added.
        curvature[:] = delta
        held[:] = np.where(accepted, 0, scale)
        better = np.where(gain >= 0.75, scale / 4, scale)
        raised = scale + delta * (1 - gain) / square
        worse = ~(gain >= 0.25)
        scale[:] = np.where(worse, np.where(np.isfinite(raised), raised, 4 * scale), better)
        moved[:] = accepted
        count += accepted
        line.ended |= line.watched & ~(line.open & (scale < update.values["largest"]))
        return np.where(accepted, length, 0)
