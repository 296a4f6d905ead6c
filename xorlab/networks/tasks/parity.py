"""Parity: XOR of any number of inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.networks.tasks.bits import BitsTask, bits_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass
class Parity(BitsTask, name="parity", order=7):
    """1 where the number of ones among the inputs is odd; XOR is parity of two bits."""

    bits: int = bits_key(3, "task=parity task.bits=4")

    @staticmethod
    def truth(cube: npt.NDArray[np.int64]) -> Any:
        """An odd number of ones."""
        return cube.sum(axis=1) % 2 == 1
