"""Symmetry: do the inputs read the same from both ends?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.config.fields import is_integer, key
from xorlab.networks.tasks.task_config import BooleanTask

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


MAX_BITS = 12


@dataclass
class Symmetry(BooleanTask, name="symmetry", order=8):
    """1 where the inputs read the same from both ends (Rumelhart, Hinton & Williams 1986)."""

    bits: int = key(
        6,
        "number of inputs of parity and symmetry",
        f"an integer from 2 to {MAX_BITS}",
        "task=symmetry task.bits=4",
        is_integer(2, MAX_BITS),
    )

    @property
    def label(self) -> str:
        """With its size, such as ``symmetry6``."""
        return f"{self.name}{self.bits}"

    def inputs(self) -> int:
        """How many bits."""
        return self.bits

    @staticmethod
    def truth(cube: npt.NDArray[np.int64]) -> Any:
        """The same from both ends."""
        return (cube == cube[:, ::-1]).all(axis=1)
