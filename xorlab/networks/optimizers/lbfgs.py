"""L-BFGS: a quasi-Newton method that remembers a few steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xorlab.config.fields import is_integer, is_positive, key
from xorlab.networks.optimizers.optimizer import State
from xorlab.networks.optimizers.searching import Descending

if TYPE_CHECKING:
    from xorlab.networks.line import Line
    from xorlab.networks.program import Array


@dataclass
class Lbfgs(Descending, name="lbfgs", order=10):
    """The inverse Hessian as the last steps and changes of the gradient show it."""

    curvature: float = key(
        0.9,
        "for optimizer.line_search=wolfe: the largest share of the loss's slope along the line "
        "that an update may leave",
        "a number > 0.0001 and < 1",
        "optimizer=lbfgs optimizer.curvature=0.5",
        lambda v: is_positive(v) and 1e-4 < v < 1,
    )
    memory: int = key(
        10,
        "how many updates it remembers",
        "an integer from 1 to 100",
        "optimizer=lbfgs optimizer.memory=5",
        is_integer(1, 100),
    )

    def flags(self) -> frozenset[str]:
        """Besides the others how many updates it remembers."""
        return super().flags() | {f"memory={self.memory}"}

    def states(self) -> list[State]:
        """Besides the last loss the last weights and gradient, and what it remembers.

        Of each update that is a step, a change of the gradient, and 1 over their inner product.
        """
        one = [State(), State(), State(shared=True)]
        return [*super().states(), State(), State(), *(one * self.memory)]

    @staticmethod
    def direct(line: Line, states: list[Array], fresh: Array) -> Array:
        """Nocedal (1980), the two loops of Nocedal & Wright (2006, algorithm 7.4).

        The inverse Hessian starts from s.y / y.y times the identity, with s and y of the last
        update. An update with s.y <= eps y.y, and eps the precision, is not remembered.
        """
        import numpy as np

        weights, before, *remembered = states
        steps, changes, inverses = remembered[::3], remembered[1::3], remembered[2::3]
        step = line.parameters - weights
        change = before - line.step
        square, product = line.dot(change, change), line.dot(step, change)
        valid = (product > np.finfo(square.dtype).eps * square) & ~fresh
        for held in (steps, changes, inverses):
            for newer, older in zip(held[-2::-1], held[:0:-1], strict=True):
                np.copyto(older, newer, where=valid)
        np.copyto(steps[0], step, where=valid)
        np.copyto(changes[0], change, where=valid)
        np.copyto(inverses[0], 1 / product, where=valid)
        for inverse in inverses:
            np.copyto(inverse, 0, where=fresh)
        weights[:], before[:] = line.parameters, line.step
        direction = line.direction
        direction[:] = line.step
        shares = []
        for s, y, inverse in zip(steps, changes, inverses, strict=True):
            shares.append(inverse[0] * line.dot(s, direction))
            direction -= shares[-1] * y
        known: Array = inverses[0][0] > 0
        last = line.dot(changes[0], changes[0])
        direction *= np.where(known, 1 / (inverses[0][0] * last), 1).astype(last.dtype)
        for s, y, inverse, share in [*zip(steps, changes, inverses, shares, strict=True)][::-1]:
            direction += (share - inverse[0] * line.dot(y, direction)) * s
        return known
