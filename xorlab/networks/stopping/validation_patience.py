"""End a run when its validation loss has not improved for some time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.stopping.patience import emit_patience, patience_columns
from xorlab.networks.stopping.rule import StoppingRule, stops_of

if TYPE_CHECKING:
    from xorlab.networks.program import Array, Program
    from xorlab.networks.stopping.rule import Losses
    from xorlab.networks.training_config import TrainingConfig


class ValidationPatience(StoppingRule, name="validation_patience", order=3):
    """Patience with the validation set, where `training.stop` names ``patience``.

    Its limit counts epochs: of looks without an improvement, so many fewer as each of them stands
    for `training.validate_every` epochs.
    """

    needs_validation: ClassVar[bool] = True
    keeps_best: ClassVar[bool] = True

    @staticmethod
    def columns(training: TrainingConfig) -> dict[str, float] | None:
        """As of patience with the training set, the limit in looks."""
        own = patience_columns(training) if "patience" in stops_of(training) else None
        return own and own | {"limit": own["limit"] // training.validate_every}

    @staticmethod
    def emit(program: Program, losses: Losses, columns: Mapping[str, Array], met: Array) -> None:
        """Look at the validation set."""
        emit_patience(program, losses.held_out, columns, met)
