"""Symmetry: do the inputs read the same from both ends?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.networks.tasks.bits import BitsTask, bits_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass
class Symmetry(BitsTask, name="symmetry", order=8):
    """1 where the inputs read the same from both ends (Rumelhart, Hinton & Williams 1986)."""

    bits: int = bits_key(6, "task=symmetry task.bits=4")

    @staticmethod
    def truth(cube: npt.NDArray[np.int64]) -> Any:
        """The same from both ends."""
        return (cube == cube[:, ::-1]).all(axis=1)
