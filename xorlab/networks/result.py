"""What training one configuration gives back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Curve = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]

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
        measured: numbers measured at the end, by name: those of `xorlab.networks.metrics`. They
            mean nothing where the run diverged.
        curves: (R,) steps and (R,) values each, by name: ``loss``.
        arrays: ``predictions``, and the network's ``weights_1``, ``biases_1``, and so on.
    """

    outcome: str
    epochs_run: int
    epochs_to_solve: int | None
    diverged_at: int | None
    measured: Mapping[str, float]
    curves: Mapping[str, Curve]
    arrays: Mapping[str, Floats]

    @property
    def steps(self) -> npt.NDArray[np.int64]:
        """(R,) epochs completed at each recorded value of the loss, ascending."""
        return self.curves["loss"][0]

    @property
    def loss(self) -> npt.NDArray[np.float64]:
        """(R,) mean squared error over patterns and outputs at `steps`; always finite."""
        return self.curves["loss"][1]

    @property
    def predictions(self) -> Floats:
        """(P, O) outputs at the end; NaN where the run diverged."""
        return self.arrays["predictions"]

    @property
    def weights(self) -> list[Floats]:
        """One (fan_in, fan_out) per layer, at the end.

        With `network.readout=sum` the last layer has none.
        """
        return self._layers("weights")

    @property
    def biases(self) -> list[Floats]:
        """One (fan_out,) per layer that has weights, at the end."""
        return self._layers("biases")

    @property
    def skip(self) -> Floats | None:
        """(I, O) weights from the inputs to the outputs; None unless `network.skip=true`."""
        return self.arrays.get("skip")

    @property
    def accuracy(self) -> float:
        """Share of patterns with every output nearer to its target than to the other code."""
        return self.measured["accuracy"]

    @property
    def max_error(self) -> float:
        """The largest distance of an output from its target."""
        return self.measured["max_error"]

    @property
    def final_loss(self) -> float:
        """The loss at the end; NaN if the run diverged."""
        return self.measured["final_loss"]

    def metrics(self) -> dict[str, float]:
        """The run's numbers by their tracked names; what is undefined is left out."""
        values = {
            "solved": float(self.outcome == SOLVED),
            "epochs_run": float(self.epochs_run),
        }
        if self.diverged_at is not None:
            return values | {"diverged_at": float(self.diverged_at)}
        values |= {name: value for name, value in self.measured.items() if math.isfinite(value)}
        if self.epochs_to_solve is not None:
            values["epochs_to_solve"] = float(self.epochs_to_solve)
        return values

    def _layers(self, name: str) -> list[Floats]:
        numbered = (f"{name}_{number}" for number in range(1, len(self.arrays) + 1))
        return [self.arrays[layer] for layer in numbered if layer in self.arrays]
