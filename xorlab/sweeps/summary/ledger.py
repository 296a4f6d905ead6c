"""What a sweep knows of its runs, kept outside memory so that memory does not grow with it."""

from __future__ import annotations

import json
import sqlite3
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from xorlab.errors import StoreError
from xorlab.tracking.names import FINISHED
from xorlab.tracking.read.frames import Curve, curves_frame, runs_frame

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray

Row = dict[str, Any]
Numbers = npt.NDArray[np.int64]

_AT_ONCE = 500  # runs whose curves are in memory together
# Nothing is ever rolled back, and the database ends with its object: no journal, no commit. Large
# pages, as a curve has 3 KB.
_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA page_size = 16384;
    CREATE TABLE runs (number INTEGER PRIMARY KEY, run_id TEXT, outcome TEXT, content TEXT);
    CREATE TABLE curves (number INTEGER PRIMARY KEY, steps BLOB, loss BLOB);
    BEGIN;
"""


class Ledger:
    """Rows and curves of a sweep's runs, by the runs' numbers.

    They are in a nameless SQLite database, which SQLite keeps in memory while it is small, moves to
    a temporary file when it grows, and deletes when the connection ends.

    Attributes:
        reasons: why runs failed, by number.
        before: how the runs ended that earlier starts had recorded; they are not trained.
        lost: ids of earlier runs whose files are gone.
    """

    def __init__(self) -> None:
        self.reasons: dict[int, str] = {}
        self.before: Counter[str] = Counter()
        self.lost: set[str] = set()
        # A sweeper may launch its batches of jobs from different threads, one after another.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.executescript(_TABLES)

    def __contains__(self, run: object) -> bool:
        return self._one("SELECT 1 FROM runs WHERE number = ?", run) is not None

    def add(self, run: int, row: Row, reason: str | None = None) -> None:
        """Keep what is known of a run, in place of what was known before.

        Args:
            run: its number.
            row: for `runs_frame`.
            reason: why its job failed; None if it did not.

        Raises:
            StoreError: the folder for temporary files is full.
        """
        values = run, row.get("run_id"), row.get("outcome"), json.dumps(row)
        self._write("REPLACE INTO runs VALUES (?, ?, ?, ?)", values)
        if reason is not None:
            self.reasons[run] = reason
        elif row.get("status") == FINISHED:
            self.reasons.pop(run, None)  # an earlier attempt failed, or one in another process

    def forget(self, runs: Iterable[int]) -> None:
        """Drop what is known of some runs, by their numbers."""
        for run in runs:
            self._write("DELETE FROM runs WHERE number = ?", (run,))

    def add_curve(
        self, run: int, steps: npt.NDArray[np.int64], loss: npt.NDArray[np.float64]
    ) -> None:
        """Keep the curve of a run that has a row: steps and loss, each (R,).

        Raises:
            StoreError: the folder for temporary files is full.
        """
        values = run, steps.astype(np.int64).tobytes(), loss.astype(np.float64).tobytes()
        self._write("REPLACE INTO curves VALUES (?, ?, ?)", values)

    def row(self, run: int) -> Row:
        """What is known of a run.

        Raises:
            KeyError: nothing is known of it.
        """
        found = self._one("SELECT content FROM runs WHERE number = ?", run)
        if found is None:
            raise KeyError(run)
        row: Row = json.loads(found[0])
        return row

    def named(self, run_ids: Collection[str]) -> set[int]:
        """Numbers of the runs that have these ids."""
        if not run_ids:
            return set()
        heads = self._database.execute("SELECT number, run_id FROM runs")
        return {number for number, run_id in heads if run_id in run_ids}

    def run_ids(self) -> list[str]:
        """Ids of the runs that are recorded, but for `lost`."""
        found = self._database.execute("SELECT run_id FROM runs WHERE run_id != ''")
        return [run_id for (run_id,) in found if run_id not in self.lost]

    def outcome(self, run: int) -> str | None:
        """How a run ended; None if it ended in an error, or if nothing is known of it."""
        found = self._one("SELECT outcome FROM runs WHERE number = ?", run)
        return None if found is None else found[0]

    @property
    def runs(self) -> Numbers:
        """Numbers of the runs that have a row, in order."""
        return self._numbers("SELECT number FROM runs ORDER BY number")

    def frame(self) -> pd.DataFrame:
        """A table like that of `xorlab.load_runs`, in the order of `runs`."""
        rows = self._database.execute("SELECT content FROM runs ORDER BY number")
        return runs_frame(json.loads(content) for (content,) in rows)

    def has_curve(self, runs: Numbers) -> npt.NDArray[np.bool_]:
        """Which of some runs have a curve here, (N,)."""
        return np.isin(runs, self._numbers("SELECT number FROM curves ORDER BY number"))

    def curves(
        self, runs: Numbers, run_ids: Sequence[str] | ExtensionArray
    ) -> Iterator[pd.DataFrame]:
        """Tables like that of `xorlab.load_curves`, each with the curves of some runs.

        Args:
            runs: numbers of runs that have a curve, (N,).
            run_ids: their ids, in the same order.
        """
        for start in range(0, len(runs), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            pairs = zip(run_ids[some], runs[some].tolist(), strict=True)
            yield curves_frame([self._curve(*pair) for pair in pairs])

    def _curve(self, run_id: str, run: int) -> Curve:
        found = self._one("SELECT steps, loss FROM curves WHERE number = ?", run)
        assert found is not None  # noqa: S101  (it has a curve)
        return run_id, np.frombuffer(found[0], np.int64), np.frombuffer(found[1], np.float64)

    def _numbers(self, query: str) -> Numbers:
        numbers = (number for (number,) in self._database.execute(query))
        return np.fromiter(numbers, np.int64)

    def _one(self, query: str, run: object) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._database.execute(query, (run,)).fetchone()
        return found

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"what a sweep knows of its runs cannot be written to a temporary file: {error}. "
                "Free some space in the folder for temporary files, or name another folder with "
                "TMPDIR"
            ) from error
