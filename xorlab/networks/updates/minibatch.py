"""One update per mini-batch, in an order that is drawn anew for every epoch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.updates.update import UpdateSchedule

if TYPE_CHECKING:
    from xorlab.networks.program import Array, Calls
    from xorlab.networks.training_config import TrainingConfig
    from xorlab.networks.updates.update import Epoch


class Minibatch(UpdateSchedule, name="minibatch", order=3):
    """Every update sees `training.batch_size` patterns, the last of an epoch what is left.

    For every epoch the generator of a run, ``numpy.random.default_rng([seed, 1])``, draws one
    ``permutation`` of the training set. So the order depends on the run's seed alone.
    """

    draws: ClassVar[bool] = True

    @staticmethod
    def seen(training: TrainingConfig, patterns: int) -> int:
        """As configured."""
        return training.batch_size or patterns

    @staticmethod
    def calls(epoch: Epoch, seen: int) -> Calls:
        """Draw the order; then gather the patterns of one batch after the other, and update."""
        import numpy as np

        from xorlab.networks.losses.loss import Loss

        patterns, outputs = epoch.task.targets.shape
        order = np.zeros((patterns, epoch.width), np.intp)
        drawn = list(enumerate(epoch.generators[: epoch.count]))

        def draw() -> None:
            for column, generator in drawn:
                order[:, column] = generator.permutation(patterns)

        calls: Calls = [draw]
        inputs, targets = (
            [np.ascontiguousarray(column, epoch.dtype) for column in values.T]
            for values in (epoch.task.inputs, epoch.task.targets)
        )
        loss = Loss.choices()[epoch.loss_name]
        full, left = loss.scale(seen, outputs), patterns % seen
        sizes = {seen: 1.0} | ({left: loss.scale(left, outputs) / full} if left else {})
        gathered = {size: _Gathered(epoch, inputs, targets, size, sizes[size]) for size in sizes}
        for start in range(0, patterns, seen):
            rows = order[start : start + seen]
            calls += gathered[len(rows)].calls(rows)
        return calls


class _Gathered:
    """Batches of one size: where their patterns are gathered, and the calls that learn them."""

    def __init__(
        self, epoch: Epoch, inputs: list[Array], targets: list[Array], size: int, share: float
    ) -> None:
        import numpy as np

        self._columns = [*inputs, *targets]
        block = np.zeros((len(self._columns), size, epoch.width), epoch.dtype)
        self._places = list(block)
        patterns = block.transpose(1, 0, 2)
        learned = epoch.pass_over(patterns[:, : len(inputs)], patterns[:, len(inputs) :])
        self._update = epoch.update_from(learned, share)

    def calls(self, rows: Array) -> Calls:
        """Learn the patterns (size, W) of these numbers, each network its own."""
        import numpy as np

        # Without "clip", which never has to, NumPy gathers into a buffer and copies that.
        gather: Calls = [
            partial(np.take, column, rows, None, place, "clip")
            for column, place in zip(self._columns, self._places, strict=True)
        ]
        return gather + self._update
