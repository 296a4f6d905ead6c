"""What the checks of a configuration ask of targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SLACK = 1e-9


@dataclass(frozen=True)
class TargetFacts:
    """Facts of the targets of one set of patterns, the same for every run that learns it.

    Attributes:
        lowest, highest: of all targets.
        half_range: half the distance between the lowest and the highest target of an output, where
            it is largest.
        variance: of the targets of an output, the mean over outputs: the loss of a network that
            always answers the mean.
        two_valued: each target is the lowest or the highest.
        adds_up_to_one: the targets of each pattern do.
    """

    lowest: float
    highest: float
    half_range: float
    variance: float
    two_valued: bool
    adds_up_to_one: bool

    @classmethod
    def of(cls, targets: npt.NDArray[np.float64]) -> Self:
        """Compute them of (P, O) targets."""
        import numpy as np

        lowest, highest = targets.min(), targets.max()
        # Halved before they are subtracted: no overflow between the largest numbers there are.
        half = targets.max(axis=0) / 2 - targets.min(axis=0) / 2
        with np.errstate(over="ignore", invalid="ignore"):
            variance = np.mean(np.var(targets, axis=0))
            one = np.abs(targets.sum(axis=1) - 1) <= _SLACK
        return cls(
            lowest=float(lowest),
            highest=float(highest),
            half_range=float(half.max()),
            variance=float(variance),
            two_valued=bool(np.isin(targets, (lowest, highest)).all()),
            adds_up_to_one=bool(one.all()),
        )
