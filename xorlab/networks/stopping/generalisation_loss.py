"""End a run when its validation loss has risen too far above its least."""

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


class GeneralisationLoss(StoppingRule, name="generalisation_loss", order=4):
    """Ends a run at the first step with a generalisation loss above the limit (Prechelt 1994).

    ``GL(t) = 100 (E_va(t) / E_opt(t) - 1)``, in percent, where E_va is the loss of the validation
    set and E_opt(t) its least value until t, step 0 included, of the steps at which the set is
    looked at (`training.validate_every`). The limit is `training.max_generalisation_loss`;
    Prechelt's GL_5 is a limit of 5.
    """

    needs_validation: ClassVar[bool] = True
    keeps_best: ClassVar[bool] = True

    @staticmethod
    def columns(training: TrainingConfig) -> dict[str, float] | None:
        """The limit, and the least validation loss so far."""
        if "generalisation_loss" not in stops_of(training):
            return None
        return {"limit": float(training.max_generalisation_loss), "least": math.inf}

    @staticmethod
    def emit(program: Program, losses: Losses, columns: Mapping[str, Array], met: Array) -> None:
        """Compare."""
        loss, least = losses.held_out, columns["least"]
        rise = program.empty(*loss.shape)
        program.emit_bound(np.minimum, least, loss, least)
        program.emit(np.divide, loss, least, rise)
        program.emit(np.subtract, rise, program.constant(1.0), rise)
        program.emit(np.multiply, rise, program.constant(100.0), rise)
        program.emit(np.greater, rise, columns["limit"], met)
