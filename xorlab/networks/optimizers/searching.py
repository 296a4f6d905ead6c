"""Optimizers that look at the loss of points before they go there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.fields import choice, is_positive, key
from xorlab.networks.line_searches.line_search import LineSearch
from xorlab.networks.optimizers.optimizer import Optimizer, State, weight_decay

if TYPE_CHECKING:
    from collections.abc import Callable

    from xorlab.networks.line import Line
    from xorlab.networks.optimizers.optimizer import Update
    from xorlab.networks.program import Array


@dataclass
class Searching(Optimizer):
    """An optimizer whose epochs try several points, which a `Line` evaluates."""

    needs_loss: ClassVar[bool] = True
    searches: ClassVar[bool] = True
    trials: ClassVar[int] = 2
    scratches: ClassVar[int] = 6
    batch_only: ClassVar[str | None] = "it compares losses over all patterns"

    @classmethod
    def emit(cls, update: Update) -> None:
        """Emit one call that makes the whole update."""
        assert update.line is not None  # noqa: S101  (it is there because the rule searches)
        update.program.emit(_quietly, cls.advance, update, update.line)

    @staticmethod
    def advance(update: Update, line: Line) -> Array:
        """Make one update, up to the last move.

        Args:
            update: with minus the gradient as its step.
            line: to evaluate points with.

        Returns:
            (W,) how far to go along the line.
        """
        raise NotImplementedError


def _quietly(advance: Callable[[Update, Line], Array], update: Update, line: Line) -> None:
    """Make an update; a number that leaves the finite ones counts only where the weights go."""
    import numpy as np

    with np.errstate(all="ignore"):
        length = advance(update, line)
    line.move(length)


@dataclass
class Descending(Searching):
    """A search along one direction per epoch: the direction and the search are chosen apart.

    Where a direction does not lead down, that of steepest descent takes its place. Where a search
    finds no lower loss, the next direction is that of steepest descent, from scratch; where that
    fails as well, the run ends.
    """

    line_search: str = choice(
        "wolfe",
        tuple(LineSearch.choices()),
        "how far an update goes along its direction: backtracking until the loss is low enough, "
        "until its slope is small as well (wolfe), or to the minimum (parabolic)",
        "optimizer=conjugate_gradient optimizer.line_search=backtracking",
    )
    curvature: float = key(
        0.1,
        "for optimizer.line_search=wolfe: the largest share of the loss's slope along the line "
        "that an update may leave",
        "a number > 0.0001 and < 1",
        "optimizer=lbfgs optimizer.curvature=0.5",
        lambda v: is_positive(v) and 1e-4 < v < 1,
    )
    weight_decay: float = weight_decay()

    trials: ClassVar[int] = 3

    @property
    def unused(self) -> tuple[str, ...]:
        """The curvature, where no slope is looked at."""
        return () if self.line_search == "wolfe" else ("curvature",)

    def values(self) -> dict[str, float]:
        """Its numbers for one network."""
        return {"rate": 1.0, "decay": self.weight_decay, "curvature": self.curvature}

    def flags(self) -> frozenset[str]:
        """The line search, and weight decay where it is not zero."""
        return frozenset({self.line_search} | ({"decay"} if self.weight_decay else set()))

    def states(self) -> list[State]:
        """The loss before the last update, infinite before the first and after a failure."""
        return [State(lambda rule: math.inf, shared=True)]

    @classmethod
    def advance(cls, update: Update, line: Line) -> Array:
        """Choose a direction, and search along it."""
        import numpy as np

        before = update.states[0][0]
        fresh = np.isinf(before)
        newton = cls.direct(line, update.states[1:], fresh)
        line.begin()
        if not (line.open | ~line.watched).all():
            np.copyto(line.direction, line.step, where=~line.open)
            line.begin()
        length = np.sqrt(line.dot(line.direction, line.direction))
        unit = np.minimum(1 / length, 1)
        # The length at which a parabola of this slope would fall as much as the last update did.
        alike = 2.02 * (line.loss - before) / line.slope
        alike = np.where(np.isfinite(alike) & (alike > 0), alike, unit)
        first = np.where(newton, 1, np.where(fresh, unit, alike)).astype(length.dtype)
        (kind,) = [one for name, one in LineSearch.choices().items() if name in update.flags]
        found = kind.search(line, first, update.values)
        before[:] = np.where(found > 0, line.loss, np.inf)
        line.ended |= line.watched & ~(found > 0) & fresh
        return found

    @staticmethod
    def direct(line: Line, states: list[Array], fresh: Array) -> Array:
        """Set the direction of a line.

        Args:
            line: with minus the gradient as its step.
            states: the arrays that the direction carries.
            fresh: (W,) which networks start from scratch: nothing of their states counts.

        Returns:
            (W,) for which networks the whole direction is the length to try first.
        """
        raise NotImplementedError
