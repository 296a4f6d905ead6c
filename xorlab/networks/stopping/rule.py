"""What a stopping rule is: it looks at the loss of every step, and ends networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xorlab.config.groups import Registered

if TYPE_CHECKING:
    from xorlab.networks.config import TrainingConfig
    from xorlab.networks.program import Array, Program


class StoppingRule(Registered, package="xorlab.networks.stopping"):
    """Ends a run, solved or not.

    A rule is a module of this package, and its keys are in `TrainingConfig`. It sees every step
    but the last, which ends every run, in order. It sees a step after the step was found to be
    solved or not, and before the weights change.
    """

    @staticmethod
    def columns(training: TrainingConfig) -> dict[str, float] | None:
        """What the rule compares and what it remembers of one network, by name.

        Floating-point numbers are kept in the precision of the training, integers as they are.

        Returns:
            the numbers before step 0; None where the rule is off.
        """
        raise NotImplementedError

    @staticmethod
    def emit(program: Program, loss: Array, columns: Mapping[str, Array], met: Array) -> None:
        """Emit calls that look at one step and set which networks end.

        Args:
            program: to emit to.
            loss: (N,) mean squared error over patterns and outputs at this step.
            columns: (N,) each; what the calls change is there at the next step.
            met: (N,) Boolean, to be set: whether the rule ends a network at this step. It does not
                matter what is said of a network that has ended.
        """
        raise NotImplementedError


def rules_of(training: TrainingConfig) -> tuple[str, ...]:
    """The names of the rules that are on."""
    return tuple(
        name for name, rule in StoppingRule.choices().items() if rule.columns(training) is not None
    )
