"""Two spirals that wind around each other: 194 points of two classes."""

from __future__ import annotations

from dataclasses import dataclass

from xorlab.networks.tasks.data import Data
from xorlab.networks.tasks.data_task import DataTask
from xorlab.networks.tasks.tasks import Task

POINTS = 97  # of each spiral


@dataclass
class TwoSpirals(DataTask, name="two_spirals", order=12):
    """On which of two spirals does a point lie (Lang & Witbrock 1988)?"""

    @property
    def outputs_known(self) -> int | None:
        """One, for the first spiral."""
        return 1

    def make(self) -> Task:
        """Point i of 97 at angle i pi / 16 and radius 6.5 (104 - i) / 104, and its mirror image.

        The target of the first spiral is `task.target_high`, that of its mirror image
        `task.target_low`; the two alternate.
        """
        import numpy as np

        i = np.arange(POINTS)
        angle, radius = i * np.pi / 16, 6.5 * (104 - i) / 104
        first = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
        inputs = np.stack([first, -first], axis=1).reshape(2 * POINTS, 2)
        targets = np.tile([self.target_high, self.target_low], POINTS)[:, None]
        return self.divided(Data(inputs, targets))
