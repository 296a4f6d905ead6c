"""What training one network gives back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from xorlab.trainers.result import Result

Floats = npt.NDArray[np.floating]


class Layers(Protocol):
    """Anything with the weights and biases of a network."""

    @property
    def weights(self) -> list[Floats]:
        """One (fan_in, fan_out) per layer."""

    @property
    def biases(self) -> list[Floats]:
        """One (fan_out,) per layer."""

    @property
    def shortcuts(self) -> Mapping[str, Floats]:
        """(fan_in, fan_out) by name; none but with `network.skip`."""


@dataclass(frozen=True, eq=False)
class NetworkResult(Result):
    """The outcome of training one network.

    The metrics are those of `xorlab.networks.metrics`; there is one curve, ``loss``; the arrays are
    ``predictions``, and the network's ``weights_1``, ``biases_1``, and so on.
    """

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
        """(I, O) weights from the inputs to the outputs; None without `network.skip`."""
        return self.arrays.get("skip")

    @property
    def shortcuts(self) -> Mapping[str, Floats]:
        """(fan_in, fan_out) weights of each shortcut, at the end.

        ``skip`` leads from the inputs to the outputs. With `network.skip=all` there is also
        ``skip_0_2`` from the inputs (layer 0) to the second hidden layer, and so on.
        """
        return {name: array for name, array in self.arrays.items() if name.startswith("skip")}

    @property
    def accuracy(self) -> float:
        """Share of patterns that are answered rightly; NaN where the targets are not classes.

        See `xorlab.networks.metrics.accuracy`.
        """
        return self.metrics.get("accuracy", math.nan)

    @property
    def max_error(self) -> float:
        """The largest distance of an output from its target."""
        return self.metrics["max_error"]

    @property
    def final_loss(self) -> float:
        """The loss at the end; NaN if the run diverged."""
        return self.metrics["final_loss"]

    def _layers(self, name: str) -> list[Floats]:
        numbered = (f"{name}_{number}" for number in range(1, len(self.arrays) + 1))
        return [self.arrays[layer] for layer in numbered if layer in self.arrays]
