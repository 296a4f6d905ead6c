"""What is noted of networks where their validation set is looked at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.columns import NO_LIMIT, NetworkColumns
from xorlab.networks.evaluations import Evaluations
from xorlab.networks.measured import Measured
from xorlab.networks.program import Array
from xorlab.trainers.shard_result import NEVER


class Looks:
    """When each of N networks had its least validation loss, and first met its criterion.

    Args:
        weights: (K, N) of the networks.
        keeps_best: whether the weights of the least loss are kept; ``best`` is ``weights`` if not.
        evaluations: where those until the criterion is met are noted.

    Attributes:
        keeps_best: as given.
        least: (N,) the least loss so far.
        best: (K, N) weights of the least loss.
        best_at: (N,) steps of the least loss, the first of equals.
        generalised_at: (N,) steps at which the criterion was first met, or `NEVER`.
    """

    def __init__(self, weights: Array, keeps_best: bool, evaluations: Evaluations) -> None:
        count = weights.shape[1]
        self.keeps_best, self._evaluations = keeps_best, evaluations
        self.least = np.full(count, np.inf)
        self.best = weights.copy() if keeps_best else weights
        self.best_at = np.zeros(count, np.int64)
        self.generalised_at = np.full(count, NEVER)

    def note(
        self,
        validation: Measured,
        columns: NetworkColumns,
        members: npt.NDArray[np.int64],
        active: npt.NDArray[np.bool_],
        step: int,
    ) -> None:
        """Look at the networks of a batch.

        Args:
            validation: what is measured of the set, run forward.
            columns: of the batch.
            members: (C,) which network each column holds.
            active: (C,) whether it still trains.
            step: that was reached.
        """
        if np.count_nonzero(validation.within_limit):
            met = np.flatnonzero(validation.within_limit)
            columns.validation_limits[met] = NO_LIMIT
            fresh = met[active[met]]
            self.generalised_at[members[fresh]] = step
            self._evaluations.note_generalised(members[fresh], columns, fresh)
        loss = validation.loss[: len(active)]
        better = np.flatnonzero((loss < self.least[members]) & active)
        self.least[members[better]] = loss[better]
        self.best_at[members[better]] = step
        if self.keeps_best:
            self.best[:, members[better]] = columns.parameters[:, better]

    def noted(self) -> dict[str, Array]:
        """The arrays that `note` sets, by name; networks are their last axis."""
        names = ["least", "best_at", "generalised_at", *["best"] * self.keeps_best]
        return {name: getattr(self, name) for name in names}

    def events(self) -> dict[str, npt.NDArray[np.float64]]:
        """When the set was answered best, and when first well enough; NaN for never."""
        found = self.generalised_at != NEVER
        return {
            "relevant_epochs": self.best_at.astype(np.float64),
            "epochs_to_generalise": np.where(found, self.generalised_at, np.nan),
        }
