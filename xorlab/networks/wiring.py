"""How the layers of a network are connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

ALL = "all"  # of `network.skip`


@dataclass(frozen=True)
class Wiring:
    """How layers are connected, besides each one to the next.

    Attributes:
        readout: ``dense``, or ``sum``: the output is the plain sum of the last hidden units, and
            the last layer has neither weights nor biases.
        skip: whether every input is also connected directly to every output; or ``all``: every
            layer to all later ones.
    """

    readout: str = "dense"
    skip: bool | str = False

    def shapes(self, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """(fan_in, fan_out) of every layer with weights and biases, first to last."""
        layers = list(pairwise(sizes))
        return layers[:-1] if self.readout == "sum" else layers

    def shortcuts(self, sizes: Sequence[int]) -> dict[str, tuple[int, int]]:
        """Source and target of every shortcut, by name: layers by number, 0 for the inputs.

        ``skip`` leads from the inputs to the outputs, ``skip_1_3`` from the first hidden layer to
        the third layer. They are in the order of their targets, then of their sources.
        """
        if not self.skip:
            return {}
        top = len(sizes) - 1
        if self.skip == ALL:
            links = [
                (source, target) for target in range(2, top + 1) for source in range(target - 1)
            ]
        else:
            links = [(0, top)]
        return {"skip" if link == (0, top) else f"skip_{link[0]}_{link[1]}": link for link in links}


DENSE = Wiring()
