"""Gates of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.networks.tasks.task_config import BooleanTask

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Cube = npt.NDArray[np.int64]


@dataclass
class Xor(BooleanTask, name="xor", order=1):
    """Exclusive or: one of two inputs, not both."""

    @staticmethod
    def truth(cube: Cube) -> Any:
        """Exclusive or: one of two inputs, not both."""
        return cube.sum(axis=1) % 2 == 1


@dataclass
class And(BooleanTask, name="and", order=2):
    """Both inputs."""

    @staticmethod
    def truth(cube: Cube) -> Any:
        """Both inputs."""
        return (cube == 1).all(axis=1)


@dataclass
class Or(BooleanTask, name="or", order=3):
    """At least one of two inputs."""

    @staticmethod
    def truth(cube: Cube) -> Any:
        """At least one of two inputs."""
        return (cube == 1).any(axis=1)


@dataclass
class Nand(BooleanTask, name="nand", order=4):
    """Not both inputs."""

    @staticmethod
    def truth(cube: Cube) -> Any:
        """Not both inputs."""
        return (cube == 0).any(axis=1)


@dataclass
class Nor(BooleanTask, name="nor", order=5):
    """Neither of two inputs."""

    @staticmethod
    def truth(cube: Cube) -> Any:
        """Neither of two inputs."""
        return (cube == 0).all(axis=1)


@dataclass
class Xnor(BooleanTask, name="xnor", order=6):
    """Both inputs or neither."""

    @staticmethod
    def truth(cube: Cube) -> Any:
        """Both inputs or neither."""
        return cube.sum(axis=1) % 2 == 0
