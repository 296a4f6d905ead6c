"""What an update schedule is: which patterns each update of an epoch sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from xorlab.config.groups import Registered

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from xorlab.networks.passes import Pass
    from xorlab.networks.program import Array, Calls
    from xorlab.networks.tasks.tasks import Task
    from xorlab.networks.training_config import TrainingConfig


class Epoch(Protocol):
    """What a schedule makes the updates of an epoch with, for networks side by side.

    Attributes:
        task: with the training set.
        count: how many networks there are, N.
        width: of the arrays, W; the columns after the first N fill them up.
        dtype: of all arithmetic.
        loss_name: name of the loss that is minimised.
        generators: one per network, for what the schedule draws; empty unless it `draws`.
    """

    task: Task
    count: int
    width: int
    dtype: np.dtype[Any]
    loss_name: str
    generators: tuple[np.random.Generator, ...]

    def pass_over(
        self, inputs: Array, targets: Array, *, constants: Sequence[int | None] | None = None
    ) -> Pass:
        """A pass over patterns; see `xorlab.networks.passes.Pass`."""

    def update_from(self, patterns: Pass, share: float = 1.0) -> Calls:
        """Calls that run patterns forward and back and make one update.

        Args:
            patterns: what the update sees.
            share: what the gradient is multiplied by, besides the scale of the loss.
        """


class UpdateSchedule(Registered, package="xorlab.networks.updates"):
    """Which patterns make an update.

    Attributes:
        whole: every update sees the whole training set.
        draws: the order of the patterns is drawn, by a generator of each run; the first call of an
            epoch does so.
    """

    whole: ClassVar[bool] = False
    draws: ClassVar[bool] = False

    @staticmethod
    def seen(training: TrainingConfig, patterns: int) -> int:
        """How many of so many patterns an update sees."""
        raise NotImplementedError

    @staticmethod
    def calls(epoch: Epoch, seen: int) -> Calls:
        """The calls of one epoch, whose updates see so many patterns each."""
        raise NotImplementedError

    @staticmethod
    def stretches(inputs: Array) -> int:
        """In how many stretches an epoch's updates are made by the same calls, for (P, I) inputs.

        Compiled, each stretch is a loop; many of them are too long for one function.
        """
        return 1


def seen_of(training: TrainingConfig, patterns: int) -> int:
    """How many of so many patterns an update sees."""
    return UpdateSchedule.choices()[training.update].seen(training, patterns)
