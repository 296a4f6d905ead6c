"""What parity and symmetry have in common: a number of bits."""

from __future__ import annotations

from typing import Any

from xorlab.config.fields import is_integer, key
from xorlab.networks.tasks.task_config import BooleanTask

_MOST = 12


def bits_key(default: int, example: str) -> Any:
    """The key with the number of bits."""
    return key(
        default,
        "number of inputs of parity and symmetry",
        f"an integer from 2 to {_MOST}",
        example,
        is_integer(2, _MOST),
    )


class BitsTask(BooleanTask):
    """A truth value for every combination of as many bits as its key ``bits`` says."""

    bits: int

    @property
    def label(self) -> str:
        """With its size, such as ``parity3``."""
        return f"{self.name}{self.bits}"

    def inputs(self) -> int:
        """How many bits."""
        return self.bits
