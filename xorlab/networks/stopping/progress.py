"""End a run when its training loss hardly falls any more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from xorlab.networks.stopping.rule import StoppingRule, stops_of

if TYPE_CHECKING:
    from xorlab.networks.program import Array, Program
    from xorlab.networks.stopping.rule import Losses
    from xorlab.networks.training_config import TrainingConfig


class Progress(StoppingRule, name="progress", order=5):
    """Ends a run after the first strip of epochs without enough training progress (Prechelt 1994).

    A strip is `training.strip` epochs, k; the first begins with epoch 1. At its end
    ``P_k = 1000 (mean of E_tr over the strip / least E_tr in it - 1)``, per thousand, where E_tr
    is the loss of the training set. The run ends where P_k is below `training.min_progress`.
    """

    keeps_best: ClassVar[bool] = True

    @staticmethod
    def columns(training: TrainingConfig) -> dict[str, float] | None:
        """The limit; epochs, sum of losses and least loss of the strip that has begun."""
        if "progress" not in stops_of(training):
            return None
        strip = {"strip": float(training.strip), "sum": 0.0, "least": math.inf, "epochs": -1.0}
        return {"limit": float(training.min_progress), **strip}

    @staticmethod
    def emit(program: Program, losses: Losses, columns: Mapping[str, Array], met: Array) -> None:
        """Add the step to the strip; at its end compare, and begin another."""
        loss, epochs, strip = losses.training, columns["epochs"], columns["strip"]
        total, least = columns["sum"], columns["least"]
        progress, short = program.empty(*loss.shape), program.mask(*loss.shape)
        zero, one, infinite = map(program.constant, (0.0, 1.0, math.inf))
        begins = program.mask(*loss.shape)
        program.emit(np.add, epochs, one, epochs)
        program.emit(np.add, total, loss, total)
        program.emit_bound(np.minimum, least, loss, least)
        program.emit(np.divide, total, strip, progress)
        program.emit(np.divide, progress, least, progress)
        program.emit(np.subtract, progress, one, progress)
        program.emit(np.multiply, progress, program.constant(1000.0), progress)
        program.emit(np.less, progress, columns["limit"], short)
        program.emit(np.equal, epochs, strip, met)
        program.emit(np.equal, epochs, zero, begins)  # step 0 is in no strip
        program.emit(np.logical_or, begins, met, begins)
        program.emit(np.logical_and, met, short, met)
        for column, start in ((total, zero), (least, infinite), (epochs, zero)):
            program.emit_where(begins, start, column)
