"""End a run when its loss has not improved for some time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from xorlab.networks.stopping.rule import StoppingRule, stops_of

if TYPE_CHECKING:
    from xorlab.networks.program import Array, Program
    from xorlab.networks.stopping.rule import Losses
    from xorlab.networks.training_config import TrainingConfig


class Patience(StoppingRule, name="patience", order=2):
    """Ends a run after more than `training.patience` steps in a row without an improvement.

    A step is an improvement if its loss is less than the least before it by more than
    `training.min_improvement`. The least loss counts as such however little it was improved, so
    that many small improvements do not add up to one. Step 0 is an improvement.
    """

    @staticmethod
    def columns(training: TrainingConfig) -> dict[str, float] | None:
        """The limit, what counts as an improvement, the least loss, the steps without one."""
        return None if "patience" in stops_of(training) else patience_columns(training)

    @staticmethod
    def emit(program: Program, losses: Losses, columns: Mapping[str, Array], met: Array) -> None:
        """Look at the training set."""
        emit_patience(program, losses.training, columns, met)


def patience_columns(training: TrainingConfig) -> dict[str, float] | None:
    """The limit, what counts as an improvement, the least loss, the steps without one."""
    if training.patience is None:
        return None
    return {
        "limit": training.patience,
        "improvement": float(training.min_improvement),
        "least": math.inf,
        "steps": 0,
    }


def emit_patience(program: Program, loss: Array, columns: Mapping[str, Array], met: Array) -> None:
    """Count the steps without an improvement, and compare."""
    least, steps = columns["least"], columns["steps"]
    gain, improved = program.empty(*loss.shape), program.mask(*loss.shape)
    program.emit(np.subtract, least, loss, gain)
    program.emit(np.greater, gain, columns["improvement"], improved)
    program.emit_bound(np.minimum, least, loss, least)
    program.emit(np.add, steps, np.array(1), steps)
    program.emit_where(improved, np.array(0), steps)
    program.emit(np.greater, steps, columns["limit"], met)
