"""What a stopping rule is: it looks at the loss of every step, and ends networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from xorlab.config.groups import Registered

if TYPE_CHECKING:
    from xorlab.networks.program import Array, Program
    from xorlab.networks.training_config import TrainingConfig


class Losses(NamedTuple):
    """What rules look at: (N,) mean squared errors over patterns and outputs, at every step.

    Attributes:
        training: of the training set.
        validation: of the validation set; None without one.
    """

    training: Array
    validation: Array | None

    @property
    def held_out(self) -> Array:
        """Of the validation set, for rules that need one."""
        assert self.validation is not None  # noqa: S101  (checked before the training)
        return self.validation


class StoppingRule(Registered, package="xorlab.networks.stopping"):
    """Ends a run, solved or not.

    A rule is a module of this package, and its keys are in `TrainingConfig`. It sees every step
    but the last, which ends every run, in order; with `needs_validation`, every n-th of them as
    `training.validate_every` says, from step 0 on. It sees a step after the step was found to be
    solved or not, and before the weights change.

    Attributes:
        needs_validation: it looks at the validation set, and sees no other steps than those at
            which that is looked at.
        keeps_best: where there is a validation set, the run ends with the weights of the step at
            which the validation loss was least, the first of equals; step 0 counts.
    """

    needs_validation: ClassVar[bool] = False
    keeps_best: ClassVar[bool] = False

    @staticmethod
    def columns(training: TrainingConfig) -> dict[str, float] | None:
        """What the rule compares and what it remembers of one network, by name.

        Floating-point numbers are kept in the precision of the training, integers as they are.

        Returns:
            the numbers before step 0; None where the rule is off.
        """
        raise NotImplementedError

    @staticmethod
    def emit(program: Program, losses: Losses, columns: Mapping[str, Array], met: Array) -> None:
        """Emit calls that look at one step and set which networks end.

        Args:
            program: to emit to.
            losses: of the networks at this step.
            columns: (N,) each; what the calls change is there at the next step.
            met: (N,) Boolean, to be set: whether the rule ends a network at this step. It does not
                matter what is said of a network that has ended.
        """
        raise NotImplementedError


def stops_of(training: TrainingConfig) -> list[str]:
    """What `training.stop` names, without ``never``."""
    stop = training.stop
    if isinstance(stop, list):
        return [name for name in stop if name != "never"]
    return [] if stop == "never" else [stop]


def keeps_best(training: TrainingConfig) -> bool:
    """Whether one of the rules that are on keeps the weights of the least validation loss."""
    return any(StoppingRule.choices()[name].keeps_best for name in rules_of(training))


def rules_of(training: TrainingConfig) -> tuple[str, ...]:
    """The names of the rules that are on."""
    return tuple(
        name for name, rule in StoppingRule.choices().items() if rule.columns(training) is not None
    )
