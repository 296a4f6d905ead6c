"""Reading a local SQL store in a few queries instead of a few calls per run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from xorlab.errors import StoreError, spell
from xorlab.tracking.names import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.read.frames import OWN_TAGS, START, Row, long_frame
from xorlab.tracking.store.database import Transaction, rows_in
from xorlab.tracking.store.new_rows import Value
from xorlab.tracking.store.store import Store
from xorlab.trainers.result import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

# Which run each point belongs to, its step and its value; each (N,).
Columns = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]

_NO_CURVE = np.empty(0, np.int64), np.empty(0), np.empty(0)
_CURVE = 'SELECT step, value FROM metrics WHERE run_uuid = :run AND "key" = :key ORDER BY step'
_LONGEST_SHOWN = 60  # characters of a wrong value in a message
_Of = TypeVar("_Of")
_AT_ONCE = 500  # runs of one query
_TAGS = {
    OUTCOME_TAG: "outcome",
    SWEEP_TAG: "sweep",
    KEY_TAG: "key",
    **{tag: name for name, tag in OWN_TAGS.items()},
}
_ALL = """
    SELECT run.run_uuid FROM runs AS run
    JOIN tags AS own ON own.run_uuid = run.run_uuid AND own."key" = :key
    WHERE run.experiment_id = :experiment AND run.lifecycle_stage = 'active'
    ORDER BY run.start_time, run.run_uuid
"""


def rows_from_sql(store: Store, run_ids: Sequence[str] | None = None) -> Iterator[Row]:
    """The experiment's runs that xorlab recorded, as rows for `runs_frame`, oldest first.

    Args:
        store: a store with an SQL database behind it.
        run_ids: only these runs, in their order; None for all.
    """
    with store.database.reading() as transaction:
        if run_ids is None:
            wanted: dict[str, Value] = {"key": KEY_TAG, "experiment": int(store.experiment_id)}
            run_ids = [run_id for (run_id,) in transaction.rows(_ALL, wanted)]
        for some in _parts(run_ids):
            rows = _rows(transaction, some)
            # A run may have been deleted for good since it was listed.
            yield from (rows[run_id] for run_id in some if {"run_id", "key"} <= rows[run_id].keys())


def _rows(transaction: Transaction, run_ids: Sequence[str]) -> dict[str, Row]:
    """Rows of these runs by their ids; that of a run which is not there is empty."""
    rows: _ByRun[Row] = _ByRun((run_id, {}) for run_id in run_ids)
    query = "SELECT run_uuid, name, status, start_time FROM runs WHERE run_uuid IN"
    for run_id, name, status, started in rows_in(transaction, query, run_ids):
        _check(run_id, "start_time", started, int)
        rows[run_id] |= {"run_id": run_id, "name": name, "status": status, START: started}
    # Runs have many other tags, some of them long.
    wanted: dict[str, Value] = {f"tag{number}": name for number, name in enumerate(_TAGS)}
    keys = ", ".join(f":{name}" for name in wanted)
    query = f'SELECT run_uuid, "key", value FROM tags WHERE "key" IN ({keys}) AND run_uuid IN'  # noqa: S608
    for run_id, key, value in rows_in(transaction, query, run_ids, wanted):
        _check(run_id, key, value, str)
        if key == OUTCOME_TAG and value not in OUTCOMES:
            raise _wrong_value(run_id, key, value, f"one of {', '.join(OUTCOMES)}")
        rows[run_id][_TAGS[key]] = value
    for table, prefix, kind in (("params", "params.", str), ("latest_metrics", "metrics.", float)):
        columns = _Columns(prefix)  # one text for each, in all rows
        query = f'SELECT run_uuid, "key", value FROM {table} WHERE run_uuid IN'  # noqa: S608
        for run_id, key, value in rows_in(transaction, query, run_ids):
            _check(run_id, key, value, kind)
            rows[run_id][columns[key]] = value
    return rows


def _check(run_id: object, name: str, value: object, kind: type) -> None:
    """Refuse what xorlab and MLflow do not write: SQLite takes any value in any column.

    Raises:
        StoreError: the value is of another kind.
    """
    if not isinstance(value, kind) and value is not None:
        raise _wrong_value(run_id, name, value, "text" if kind is str else "a number")


def _wrong_value(run_id: object, name: str, value: object, wanted: str) -> StoreError:
    return StoreError(
        f"run {run_id}: {name} is {spell(value)[:_LONGEST_SHOWN]}, which is not {wanted}: the "
        "store was edited or is damaged. Restore a copy of it, or delete this run: "
        f"mlflow runs delete --run-id {run_id}"
    )


class _ByRun(dict[str, _Of]):
    """What belongs to each run that was asked for, by its id."""

    def __missing__(self, run_id: str) -> _Of:
        """Refuse a run that was not: an index of the database leads to a row of another one.

        Raises:
            sqlite3.DatabaseError: in SQLite's own words.
        """
        raise sqlite3.DatabaseError(f"database disk image is malformed: it has {run_id!r:.60}")


class _Columns(dict[str, str]):
    """Column names by the names of params or metrics."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __missing__(self, name: str) -> str:
        column = self[name] = self._prefix + name
        return column


def curves_from_sql(store: Store, run_ids: Sequence[str], name: str = CURVE) -> pd.DataFrame:
    """The curves of these runs with one name, in their order."""
    database = store.database
    with database.reading() as transaction:
        # A query costs SQLite less than sorting what a query for many runs finds.
        own = database.kind == "sqlite"
        read = _curve_by_curve if own else _curves_in_parts
        numbers, steps, values = zip(*read(transaction, run_ids, name), strict=True)
    columns = np.concatenate(numbers), np.concatenate(steps), np.concatenate(values)
    return long_frame(run_ids, *columns, name)


def _curve_by_curve(
    transaction: Transaction, run_ids: Sequence[str], name: str
) -> Iterator[Columns]:
    yield _NO_CURVE
    for number, run_id in enumerate(run_ids):
        found = list(transaction.rows(_CURVE, {"run": run_id, "key": name}))
        try:
            table = np.fromiter(chain.from_iterable(found), float, 2 * len(found)).reshape(-1, 2)
        except (TypeError, ValueError, OverflowError) as error:
            raise _wrong_point(run_id, name, found) from error
        yield np.full(len(found), number), table[:, 0], table[:, 1]


def _wrong_point(run_id: str, name: str, found: Sequence[tuple[Any, ...]]) -> StoreError:
    """The error about a curve that does not consist of numbers."""
    points = (value for point in found for value in point)
    wrong = next((value for value in points if not isinstance(value, int | float)), found)
    return _wrong_value(run_id, f"a point of {name}", wrong, "a number")


def _curves_in_parts(
    transaction: Transaction, run_ids: Sequence[str], name: str
) -> Iterator[Columns]:
    yield _NO_CURVE
    numbers = _ByRun((run_id, number) for number, run_id in enumerate(run_ids))
    query = 'SELECT run_uuid, step, value FROM metrics WHERE "key" = :key AND run_uuid IN'
    for some in _parts(run_ids):
        found = rows_in(transaction, query, some, {"key": name})
        table = np.array([(numbers[run_id], *point) for run_id, *point in found]).reshape(-1, 3)
        table = table[np.lexsort((table[:, 1], table[:, 0]))]
        yield table[:, 0].astype(np.int64), table[:, 1], table[:, 2]


def _parts(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(run_ids), _AT_ONCE):
        yield run_ids[start : start + _AT_ONCE]
