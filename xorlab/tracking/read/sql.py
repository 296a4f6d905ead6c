"""Reading a local SQL store in a few queries instead of a few calls per run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from xorlab.tracking.names import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.read.frames import Row, long_frame
from xorlab.tracking.store.database import Transaction, Value, rows_in
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 500  # runs of one query
_TAGS = {OUTCOME_TAG: "outcome", SWEEP_TAG: "sweep", KEY_TAG: "key"}
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
    database = store.database
    if run_ids is None:
        wanted: dict[str, Value] = {"key": KEY_TAG, "experiment": int(store.experiment_id)}
        with database.reading() as transaction:
            run_ids = [run_id for (run_id,) in transaction.rows(_ALL, wanted)]
    for some in _parts(run_ids):
        with database.reading() as transaction:
            rows = _rows(transaction, some)
        # Another process may have deleted a run for good since it was listed.
        yield from (rows[run_id] for run_id in some if {"run_id", "key"} <= rows[run_id].keys())


def _rows(transaction: Transaction, run_ids: Sequence[str]) -> dict[str, Row]:
    """Rows of these runs by their ids; that of a run which is not there is empty."""
    rows: dict[str, Row] = {run_id: {} for run_id in run_ids}
    query = "SELECT run_uuid, name, status FROM runs WHERE run_uuid IN"
    for run_id, name, status in rows_in(transaction, query, run_ids):
        rows[run_id] |= {"run_id": run_id, "name": name, "status": status}
    query = 'SELECT run_uuid, "key", value FROM {} WHERE run_uuid IN'
    for run_id, key, value in rows_in(transaction, query.format("tags"), run_ids):
        if key in _TAGS:
            rows[run_id][_TAGS[key]] = value
    for table, prefix in (("params", "params."), ("latest_metrics", "metrics.")):
        for run_id, key, value in rows_in(transaction, query.format(table), run_ids):
            rows[run_id][prefix + key] = value
    return rows


def curves_from_sql(store: Store, run_ids: Sequence[str]) -> pd.DataFrame:
    """The loss curves of these runs, in their order."""
    numbers = {run_id: number for number, run_id in enumerate(run_ids)}
    kind = [("run", np.int64), ("step", np.int64), ("loss", np.float64)]
    parts = [np.empty(0, kind)]
    for some in _parts(run_ids):
        # All metrics of the runs: asked for one metric, SQLite walks through that one of every
        # run that there is, once per query.
        query = 'SELECT run_uuid, "key", step, value FROM metrics WHERE run_uuid IN'
        with store.database.reading() as transaction:
            rows = [
                (numbers[run_id], step, value)
                for run_id, key, step, value in rows_in(transaction, query, some)
                if key == CURVE
            ]
        part = np.array(rows, kind)
        parts.append(part[np.lexsort((part["step"], part["run"]))])
    table = np.concatenate(parts)
    return long_frame(run_ids, table["run"], table["step"], table["loss"])


def _parts(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(run_ids), _AT_ONCE):
        yield run_ids[start : start + _AT_ONCE]
