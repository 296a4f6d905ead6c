"""Parity: XOR of any number of inputs."""

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
class Parity(BooleanTask, name="parity", order=7):
    """1 where the number of ones among the inputs is odd; XOR is parity of two bits."""

    bits: int = key(
        3,
        "number of inputs of parity and symmetry",
        f"an integer from 2 to {MAX_BITS}",
        "task=parity task.bits=4",
        is_integer(2, MAX_BITS),
    )

    @property
    def label(self) -> str:
        """With its size, such as ``parity3``."""
        return f"{self.name}{self.bits}"

    def inputs(self) -> int:
        """How many bits."""
        return self.bits

    @staticmethod
    def truth(cube: npt.NDArray[np.int64]) -> Any:
        """An odd number of ones."""
        return cube.sum(axis=1) % 2 == 1
