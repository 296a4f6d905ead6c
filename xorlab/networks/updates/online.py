"""One update per pattern."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from xorlab.networks.updates.update import UpdateSchedule

if TYPE_CHECKING:
    from xorlab.networks.program import Array, Calls
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
        """Copy one pattern after the other to where it is learned, and update."""
        import numpy as np

        from xorlab.networks.passes import constants_of

        inputs, targets = epoch.task.inputs, epoch.task.targets
        rows = np.concatenate([inputs, targets], axis=1).astype(epoch.dtype)[:, :, None, None]
        block = np.zeros((rows.shape[1], 1, epoch.width), epoch.dtype)
        pattern, count = block.transpose(1, 0, 2), inputs.shape[1]
        learned: dict[tuple[int | None, ...], Calls] = {}
        calls: Calls = []
        for row, values in zip(rows, inputs, strict=True):
            constants = constants_of(values[None])
            if constants not in learned:
                given, asked = pattern[:, :count], pattern[:, count:]
                learned[constants] = epoch.update_from(
                    epoch.pass_over(given, asked, constants=constants)
                )
            calls += [partial(np.copyto, block, row), *learned[constants]]
        return calls

    @staticmethod
    def stretches(inputs: Array) -> int:
        """How often the calls that learn a pattern are other ones than for the one before.

        An input of 0 adds nothing to any sum, and one of 1 a weight: both spare a multiplication.
        """
        from xorlab.networks.passes import constants_of

        return len(list(groupby(constants_of(values[None]) for values in inputs)))
