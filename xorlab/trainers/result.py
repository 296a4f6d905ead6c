"""What training one configuration gives back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Curve = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
Array = npt.NDArray[Any]
NO_CURVE: Curve = (np.empty(0, np.int64), np.empty(0))

SOLVED, UNSOLVED, DIVERGED = "solved", "unsolved", "diverged"
OUTCOMES = (SOLVED, UNSOLVED, DIVERGED)


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of one run.

    Attributes:
        outcome: ``solved``, ``unsolved`` or ``diverged``.
        epochs_run: epochs completed.
        epochs_to_solve: the step at which the run was first solved; None if it never was.
        diverged_at: the step at which a value was no longer finite; None otherwise.
        metrics: final numbers by name. They mean nothing where the run diverged, and one that is
            not finite is not recorded.
        curves: (R,) ascending steps and (R,) finite values each, by name, such as ``loss``.
        arrays: by name, of any shape and type but objects; recorded as one npz file.
        texts: files by name, such as ``log.txt``.
        tables: rows by the name of the table; each row is a mapping from column to value.
    """

    outcome: str
    epochs_run: int
    epochs_to_solve: int | None = None
    diverged_at: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def numbers(self) -> dict[str, float]:
        """The run's numbers by their tracked names; what is undefined is left out."""
        values = {
            "solved": float(self.outcome == SOLVED),
            "epochs_run": float(self.epochs_run),
        }
        if self.diverged_at is not None:
            return values | {"diverged_at": float(self.diverged_at)}
        values |= {name: value for name, value in self.metrics.items() if math.isfinite(value)}
        if self.epochs_to_solve is not None:
            values["epochs_to_solve"] = float(self.epochs_to_solve)
        return values
