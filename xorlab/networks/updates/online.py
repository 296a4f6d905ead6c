"""One update per pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.networks.updates.update import UpdateSchedule

if TYPE_CHECKING:
    from xorlab.networks.program import Calls
    from xorlab.networks.training_config import TrainingConfig
    from xorlab.networks.updates.update import Epoch


class Online(UpdateSchedule, name="online", order=2):
    """Every update sees one pattern, in the order of the training set."""

    @staticmethod
    def seen(training: TrainingConfig, patterns: int) -> int:
        """One."""
        return 1

    @staticmethod
    def calls(epoch: Epoch, seen: int) -> Calls:
        """An update after every pattern."""
        calls: Calls = []
        for row, target in zip(epoch.task.inputs, epoch.task.targets, strict=True):
            calls += epoch.update_from(epoch.pass_over(row[None], target[None]))
        return calls
