"""What an update rule is: its keys, its numbers, what it carries, and its calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from xorlab.config.fields import is_finite, is_positive, key
from xorlab.config.groups import Choice

if TYPE_CHECKING:
    from xorlab.networks.jacobian import Jacobian
    from xorlab.networks.line import Line
    from xorlab.networks.program import Array, Program


@dataclass(frozen=True)
class State:
    """An array that a rule carries from step to step.

    Attributes:
        start: ``start(rule)``: its value before the first step.
        high: ``high(rule)``: where it is a number, the values are drawn instead, for each parameter
            from U(start, high), by the run's seed; None for no draw.
        shared: one number for the whole network, shape (1, N), not one per parameter, (K, N).
    """

    start: Callable[[Any], float] = field(default=lambda rule: 0.0)
    high: Callable[[Any], float | None] = field(default=lambda rule: None)
    shared: bool = False


@dataclass(frozen=True)
class Update:
    """What a rule's calls work on.

    Attributes:
        program: takes the calls.
        parameters: (K, N), to be changed in place.
        step: (K, N), minus the gradient times the value ``rate``; may be used up.
        states: one array per `State`, in order.
        values: the rule's numbers by name, each of shape () or (N,).
        flags: which of its parts are in use.
        loss: (N,) what is minimised, of all patterns, before the update; None unless it is needed.
        line: evaluates other points; None unless the rule searches.
        jacobian: of the outputs; None unless it is needed.
    """

    program: Program
    parameters: Array
    step: Array
    states: list[Array]
    values: dict[str, Array]
    flags: frozenset[str]
    loss: Array | None = None
    line: Line | None = None
    jacobian: Jacobian | None = None

    def scratch(self) -> Array:
        """An array like the parameters for values that do not outlive the update."""
        return self.program.empty(*self.parameters.shape)

    def mask(self) -> Array:
        """Truth values, one per parameter."""
        return self.program.mask(*self.parameters.shape)


@dataclass
class Optimizer(Choice, group="optimizer", package="xorlab.networks.optimizers"):
    """How the weights move; chosen with `optimizer=NAME`.

    A choice is an update rule over packed parameters of shape (K, N); its fields are its keys.

    Attributes:
        scratches: how many arrays like the parameters it uses besides its states.
        batch_only: why it makes no sense where updates see a part of the patterns; None where it
            does.
        needs_loss: it looks at the loss that is minimised; it is then ``batch_only``.
        searches: it looks at points before it goes there, by way of `Update.line`, and counts them.
        needs_jacobian: it looks at the derivatives of every output.
        losses: those that it can minimise; None for all.
        trials: about how many points it looks at in an epoch, for estimates of time.
    """

    help: ClassVar[str] = "the optimizer; chosen as optimizer=NAME"
    scratches: ClassVar[int] = 0
    batch_only: ClassVar[str | None] = None
    needs_loss: ClassVar[bool] = False
    searches: ClassVar[bool] = False
    needs_jacobian: ClassVar[bool] = False
    losses: ClassVar[tuple[str, ...] | None] = None
    trials: ClassVar[int] = 0

    def values(self) -> dict[str, float]:
        """Its numbers for one network.

        ``rate`` is what the gradient is multiplied by before `emit` sees it, 1 where the rule
        needs the plain gradient; ``decay``, where the flag of that name is set, is what the
        parameters are multiplied by before they are taken from that step.
        """
        raise NotImplementedError

    def states(self) -> list[State]:
        """The arrays that it carries."""
        return []

    def flags(self) -> frozenset[str]:
        """Which of its parts are in use; networks that are trained together agree."""
        return frozenset()

    @staticmethod
    def emit(update: Update) -> None:
        """Emit the calls of one update."""
        raise NotImplementedError


def learning_rate(default: float) -> Any:
    """The key ``lr``, which means the same in every rule that has it."""
    return key(
        default,
        "learning rate; quickprop's epsilon, delta_bar_delta's first rate of every weight",
        "a finite number > 0",
        "optimizer.lr=0.5",
        is_positive,
    )


def weight_decay() -> Any:
    """The key ``weight_decay``, which means the same in every rule that has it."""
    return key(
        0.0,
        "weight decay: this times a weight or bias is added to its gradient",
        "a finite number >= 0",
        "optimizer.weight_decay=1e-4",
        lambda v: is_finite(v) and v >= 0,
    )
