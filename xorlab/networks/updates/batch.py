"""One update per epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.updates.update import UpdateSchedule

if TYPE_CHECKING:
    from xorlab.networks.program import Calls
    from xorlab.networks.training_config import TrainingConfig
    from xorlab.networks.updates.update import Epoch


class Batch(UpdateSchedule, name="batch", order=1):
    """Every update sees all patterns; they are run forward anyway, to look at the loss."""

    whole: ClassVar[bool] = True

    @staticmethod
    def seen(training: TrainingConfig, patterns: int) -> int:
        """All."""
        return patterns

    @staticmethod
    def calls(epoch: Epoch, seen: int) -> Calls:
        """None besides the whole set's own."""
        return []
