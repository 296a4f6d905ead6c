"""What networks must share to be trained together."""

from __future__ import annotations

from dataclasses import dataclass

from xorlab.networks.activations.activation import Activation
from xorlab.networks.wiring import DENSE, Wiring


@dataclass(frozen=True)
class Shape:
    """What networks must share to be trained as one array.

    Attributes:
        sizes: units per layer, inputs first, outputs last.
        activation: name of the activation of hidden units.
        output: name of the activation of output units.
        slope: of leaky_relu below zero.
        loss: name of the loss that training minimises.
        dtype: of all arithmetic.
        wiring: how the outputs are connected to the last hidden units and to the inputs.
    """

    sizes: tuple[int, ...]
    activation: str
    output: str
    slope: float
    loss: str
    dtype: str
    wiring: Wiring = DENSE

    def activations(self) -> list[type[Activation]]:
        """The activation of each layer of units, hidden layers first."""
        hidden = [Activation.choices()[self.activation]] * (len(self.sizes) - 2)
        return [*hidden, Activation.choices()[self.output]]
