"""The loop over epochs with the compiled backend."""

from __future__ import annotations

import numpy as np

from xorlab.networks.compiled.epochs import Epochs, epochs_of
from xorlab.networks.float_errors import FloatErrorFlag
from xorlab.networks.loop import Trainer
from xorlab.trainers.shard_result import NEVER


class CompiledTrainer(Trainer):
    """Trains in one compiled function from a recorded step to the next.

    Where something in an epoch cannot be compiled (a search along a line), the epoch is run call by
    call, with what can be compiled in between.
    """

    _epochs: Epochs | None = None
    _epochs_batch: object = None

    def _segment(self, step: int, until: int, row: int, flag: FloatErrorFlag, last: bool) -> None:
        batch, count = self._batch, self._batch.count
        if self._epochs_batch is not batch:
            self._epochs_batch, self._epochs = batch, self._compiled()
        if self._epochs is None:
            # Compiled functions raise no flag: look for diverged networks at every step.
            batch.infinite = flag.raised = True
            super()._segment(step, until, row, flag, last)
            return
        epochs, members = self._epochs, self._members
        epochs.active[:count] = self._active
        epochs.run(step, until, last)
        ended_at = epochs.ended_at[:count]
        for noted, found in (
            (self._solved_at, epochs.solved_at[:count]),
            (self._diverged_at, epochs.diverged_at[:count]),
            (self._ended_at, ended_at),
        ):
            happened = np.flatnonzero(found != NEVER)
            noted[members[happened]] = found[happened]
        for name, values in epochs.looks.items():
            self._looks.noted()[name][..., members] = values[..., :count]
        there = self._active & (ended_at != step)
        for values, recorded in zip(self._curves.values(), epochs.recorded, strict=True):
            values[row, members[there]] = recorded[:count][there]
        ended = np.flatnonzero(ended_at != NEVER)
        self._final[:, members[ended]] = batch.columns.parameters[:, ended]
        batch.watched[ended] = False
        self._active[ended] = False

    def _compiled(self) -> Epochs | None:
        batch, looks = self._batch, {}
        if batch.validation is not None:
            looks = {name: noted[..., self._members] for name, noted in self._looks.noted().items()}
        return epochs_of(batch, self._stops, self._spec.validate_every, list(self._curves), looks)
