"""Runs that are not independent: those of one seed, where settings are pooled.

Runs that differ in a learning rate alone start from the same weights, and whether they are solved
correlates with 0.86 to 0.98 between them. A hundred seeds at three rates are then not 300
independent runs but hardly more than 100. They are counted as the number of their seeds, which
is right if the runs of one seed always end alike, and cautious if not: the variance of a mean of
clusters, each a mean of numbers between 0 and 1, is at most that of as many independent runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Clusters:
    """Which runs belong together.

    Attributes:
        numbers: (n,) the cluster of each run, from 0.
    """

    numbers: Numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.numbers.max()) + 1

    @property
    def weight(self) -> float:
        """As how many independent runs each run counts: Kish's (1965) effective size by n."""
        sizes = np.bincount(self.numbers)
        return float(len(self) / (sizes**2).sum())

    def of(self, rows: npt.NDArray[np.integer]) -> Clusters:
        """Those of all runs in another order."""
        return Clusters(self.numbers[rows])


def clusters_of(seeds: npt.NDArray[np.generic]) -> Clusters | None:
    """The runs of one seed as a cluster; None where no seed occurs twice.

    Args:
        seeds: (n,) of the runs of one setting.
    """
    numbers = np.unique(seeds, return_inverse=True)[1]
    return Clusters(numbers.astype(np.intp)) if numbers.max() + 1 < len(seeds) else None
