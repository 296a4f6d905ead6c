"""What a sweep knows of its runs while it goes on: in a file, for memory must not grow with it."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.networks.result import OUTCOMES
from xorlab.sweep.summary.scratch import Scratch
from xorlab.tracking.names import FINISHED
from xorlab.tracking.read.frames import Curve, curves_frame, runs_frame

Row = dict[str, Any]
Numbers = npt.NDArray[np.int64]

_AT_ONCE = 500  # runs whose curves are in memory together
_NOWHERE = -1
_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}


class Ledger:
    """Rows and curves of runs, by the numbers that a `Catalogue` gives them.

    Attributes:
        reasons: why runs failed, by number.
    """

    def __init__(self) -> None:
        self.reasons: dict[int, str] = {}
        self._file = Scratch()
        # For each run: where its row is and how long, where its curve is and how many points.
        self._rows, self._sizes = array("q"), array("q")
        self._curves, self._points = array("q"), array("q")
        self._outcomes = array("b")

    def __contains__(self, run: object) -> bool:
        return isinstance(run, int) and run < len(self._rows) and self._rows[run] != _NOWHERE

    def add(self, run: int, row: Row, reason: str | None = None) -> None:
        """Keep what is known of a run, in place of what was known before.

        Args:
            run: its number.
            row: for `runs_frame`.
            reason: why its job failed; None where it did not.
        """
        while run >= len(self._rows):
            for column in (self._rows, self._sizes, self._curves, self._points, self._outcomes):
                column.append(_NOWHERE)
        data = json.dumps(row).encode()
        self._rows[run], self._sizes[run] = self._file.write(data), len(data)
        self._outcomes[run] = _CODES.get(row.get("outcome") or "", _NOWHERE)
        if reason is not None:
            self.reasons[run] = reason
        elif row.get("status") == FINISHED:
            self.reasons.pop(run, None)  # it failed once, or failed here and not elsewhere

    def add_curve(
        self, run: int, steps: npt.NDArray[np.int64], loss: npt.NDArray[np.float64]
    ) -> None:
        """Keep the curve of a run that has a row: steps and loss, each (R,)."""
        data = steps.astype(np.int64).tobytes() + loss.astype(np.float64).tobytes()
        self._curves[run], self._points[run] = self._file.write(data), len(steps)

    def row(self, run: int) -> Row:
        """What is known of a run.

        Raises:
            KeyError: nothing.
        """
        if run not in self:
            raise KeyError(run)
        row: Row = json.loads(self._file.read(self._rows[run], self._sizes[run]))
        return row

    def named(self, identifiers: Collection[str]) -> set[int]:
        """Numbers of the runs that MLflow calls so."""
        if not identifiers:
            return set()
        return {run for run in self.runs.tolist() if self.row(run)["run_id"] in identifiers}

    def outcome(self, run: int) -> str | None:
        """How a run ended; None for one that failed, or of which nothing is known."""
        code = self._outcomes[run] if run in self else _NOWHERE
        return None if code == _NOWHERE else OUTCOMES[code]

    @property
    def runs(self) -> Numbers:
        """Numbers of the runs of which something is known, in order."""
        return np.flatnonzero(np.array(self._rows, np.int64) != _NOWHERE)

    def frame(self) -> pd.DataFrame:
        """As `xorlab.load_runs` would read them, in the order of `runs`."""
        return runs_frame(self.row(run) for run in self.runs.tolist())

    def has_curve(self, runs: Numbers) -> npt.NDArray[np.bool_]:
        """Whose curves are here, (N,)."""
        here: npt.NDArray[np.bool_] = np.array(self._curves, np.int64)[runs] != _NOWHERE
        return here

    def curves(self, runs: Numbers, identifiers: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Curves as `xorlab.load_curves` would read them, in parts.

        Args:
            runs: numbers, (N,), of runs that have one.
            identifiers: what MLflow calls them.
        """
        named = list(zip(identifiers, runs.tolist(), strict=True))
        for start in range(0, len(named), _AT_ONCE):
            yield curves_frame([self._curve(*one) for one in named[start : start + _AT_ONCE]])

    def _curve(self, identifier: str, run: int) -> Curve:
        count = self._points[run]
        data = self._file.read(self._curves[run], 16 * count)
        steps = np.frombuffer(data, np.int64, count)
        return identifier, steps, np.frombuffer(data, np.float64, count, 8 * count)
