"""What an update rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from xorlab.config.groups import OptimizerConfig
from xorlab.networks.program import Array, Program


@dataclass(frozen=True)
class State:
    """An array that a rule carries from step to step.

    Attributes:
        start: ``start(config)``: its value before the first step.
        shared: one number for the whole network, shape (1, N), not one per parameter, (K, N).
    """

    start: Callable[[OptimizerConfig], float] = field(default=lambda config: 0.0)
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
    """

    program: Program
    parameters: Array
    step: Array
    states: list[Array]
    values: dict[str, Array]
    flags: frozenset[str]

    def scratch(self) -> Array:
        """An array like the parameters for values that do not outlive the update."""
        return self.program.empty(*self.parameters.shape)

    def mask(self) -> Array:
        """Truth values, one per parameter."""
        return self.program.mask(*self.parameters.shape)


@dataclass(frozen=True)
class Optimizer:
    """An update rule over packed parameters of shape (K, N).

    Attributes:
        values: ``values(config)``: its numbers for one network. ``rate`` is what the gradient is
            multiplied by before `emit` sees it, 1 where the rule needs the plain gradient;
            ``decay``, where the flag of that name is set, is what the parameters are multiplied
            by before they are taken from that step.
        emit: ``emit(update)`` emits the calls of one update.
        states: ``states(config)``: the arrays it carries.
        flags: ``flags(config)``: which of its parts are in use; networks trained together agree.
        scratches: how many arrays like the parameters it uses besides its states.
    """

    values: Callable[[OptimizerConfig], dict[str, float]]
    emit: Callable[[Update], None]
    states: Callable[[OptimizerConfig], list[State]] = field(default=lambda config: [])
    flags: Callable[[OptimizerConfig], frozenset[str]] = field(default=lambda config: frozenset())
    scratches: int = 0


def given(value: float | None) -> float:
    """A value that the checks of the configuration have seen to."""
    assert value is not None  # noqa: S101
    return value
