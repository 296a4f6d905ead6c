"""The encoder: one-hot patterns, each to itself."""

from __future__ import annotations

from dataclasses import dataclass

from xorlab.config.fields import is_integer, key
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import Task

MAX_WIDTH = 128


@dataclass
class Encoder(TaskConfig, name="encoder", order=9):
    """N one-hot patterns, each to itself (Ackley, Hinton & Sejnowski 1985).

    An N-log2N-N encoder has that many units in `network.hidden`.
    """

    width: int = key(
        8,
        "number of patterns, inputs and outputs of the encoder",
        f"an integer from 2 to {MAX_WIDTH}",
        "task=encoder task.width=8 network.hidden=3",
        is_integer(2, MAX_WIDTH),
    )

    @property
    def label(self) -> str:
        """With its size, such as ``encoder8``."""
        return f"{self.name}{self.width}"

    @property
    def outputs_known(self) -> int | None:
        """As many as inputs."""
        return self.width

    def make(self) -> Task:
        """Each pattern has one bit that no other has, in and out."""
        import numpy as np

        inputs = np.eye(self.width, dtype=np.int64)
        return self.coded(inputs, inputs == 1, None)
