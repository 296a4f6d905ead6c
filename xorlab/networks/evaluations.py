"""How many points the searches of networks have looked at when something happens to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.networks.columns import NetworkColumns
from xorlab.trainers.shard_result import NEVER

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_END, _SOLVE, _GENERALISE = "evaluations", "evaluations_to_solve", "evaluations_to_generalise"


class Evaluations:
    """The counts of N networks, where their optimizer searches; nothing where it does not.

    An evaluation is a point at which the loss of all training patterns, or the loss and its
    gradient, was computed to make an update. Weights that an update starts from do not count again:
    an optimizer that does not search makes one evaluation per epoch.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._at: dict[str, Floats] = {}

    def note_end(self, members: Indices, columns: NetworkColumns, indices: Indices) -> None:
        """Note that networks end: their numbers, and where they are in the columns."""
        self._note(_END, members, columns, indices)

    def note_solved(self, members: Indices, columns: NetworkColumns, indices: Indices) -> None:
        """Note that they meet the criterion on the training set."""
        self._note(_SOLVE, members, columns, indices)

    def note_generalised(self, members: Indices, columns: NetworkColumns, indices: Indices) -> None:
        """Note that they meet it on the validation set."""
        self._note(_GENERALISE, members, columns, indices)

    def _note(self, name: str, members: Indices, columns: NetworkColumns, indices: Indices) -> None:
        if columns.trials:
            at = self._at.setdefault(name, np.full(self._count, np.nan))
            at[members] = columns.trials["evaluations"][indices]

    def metrics(
        self, ended_at: Indices, solved_at: Indices, generalised_at: Indices
    ) -> dict[str, Floats]:
        """Each count where it is not the number of epochs, else NaN: (N,) by name.

        Args:
            ended_at: (N,) the epoch of each network's end.
            solved_at: (N,) the epoch at which it was solved, or `NEVER`.
            generalised_at: (N,) likewise on the validation set.
        """
        epochs = {_END: ended_at, _SOLVE: solved_at, _GENERALISE: generalised_at}
        found = {}
        for name, at in self._at.items():
            # Solved where it ended and not before, as training.solved_at_end has it.
            counts = np.where(np.isnan(at) & (epochs[name] == ended_at), self._at[_END], at)
            differs = (epochs[name] != NEVER) & (counts != epochs[name])
            found[name] = np.where(differs, counts, np.nan)
        return found
