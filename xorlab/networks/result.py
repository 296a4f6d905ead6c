"""What training one configuration gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

SOLVED, UNSOLVED, DIVERGED = "solved", "unsolved", "diverged"
OUTCOMES = (SOLVED, UNSOLVED, DIVERGED)


class Layers(Protocol):
    """Anything with the weights and biases of a network."""

    @property
    def weights(self) -> list[Floats]:
        """One (fan_in, fan_out) per layer."""

    @property
    def biases(self) -> list[Floats]:
        """One (fan_out,) per layer."""

    @property
    def skip(self) -> Floats | None:
        """(I, O) weights from the inputs to the outputs, or None."""


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of one run.

    Attributes:
        outcome: ``solved``, ``unsolved`` or ``diverged``.
        epochs_run: epochs completed.
        epochs_to_solve: the step at which the run was first solved; None if it never was.
        diverged_at: the step at which a weight or the loss was no longer finite; None otherwise.
        steps: (R,) epochs completed at each recorded value, ascending.
        loss: (R,) mean squared error over patterns and outputs at those steps; always finite.
        predictions: (P, O) outputs at the end; NaN where the run diverged.
        weights: one (fan_in, fan_out) per layer, at the end; with `network.readout=sum` the last
            layer has none.
        biases: one (fan_out,) per layer that has weights, at the end.
        accuracy: share of patterns with every output nearer to its target than to the other code.
        skip: (I, O) weights from the inputs to the outputs, at the end; None unless
            `network.skip=true`.
    """

    outcome: str
    epochs_run: int
    epochs_to_solve: int | None
    diverged_at: int | None
    steps: npt.NDArray[np.int64]
    loss: npt.NDArray[np.float64]
    predictions: Floats
    weights: list[Floats]
    biases: list[Floats]
    accuracy: float
    max_error: float
    skip: Floats | None = None

    @property
    def final_loss(self) -> float:
        """The loss at the end; NaN if the run diverged."""
        return float("nan") if self.outcome == DIVERGED else float(self.loss[-1])

    def metrics(self) -> dict[str, float]:
        """The run's numbers by their tracked names; what is undefined is left out."""
        values: dict[str, float] = {
            "solved": float(self.outcome == SOLVED),
            "epochs_run": float(self.epochs_run),
        }
        if self.outcome == DIVERGED:
            assert self.diverged_at is not None  # noqa: S101  (that is what diverged means)
            return values | {"diverged_at": float(self.diverged_at)}
        values |= {
            "final_loss": self.final_loss,
            "max_error": self.max_error,
            "accuracy": self.accuracy,
        }
        if self.epochs_to_solve is not None:
            values["epochs_to_solve"] = float(self.epochs_to_solve)
        return values
