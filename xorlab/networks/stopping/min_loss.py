"""End a run when its loss is small enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from xorlab.networks.stopping.rule import StoppingRule

if TYPE_CHECKING:
    from xorlab.networks.program import Array, Program
    from xorlab.networks.stopping.rule import Losses
    from xorlab.networks.training_config import TrainingConfig


class MinLoss(StoppingRule, name="min_loss", order=1):
    """Ends a run at the first step with a loss below `training.min_loss`."""

    @staticmethod
    def columns(training: TrainingConfig) -> dict[str, float] | None:
        """The limit."""
        return None if training.min_loss is None else {"limit": training.min_loss}

    @staticmethod
    def emit(program: Program, losses: Losses, columns: Mapping[str, Array], met: Array) -> None:
        """Compare."""
        program.emit(np.less, losses.training, columns["limit"], met)
