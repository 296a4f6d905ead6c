"""Reading a local SQL store in a few queries instead of a few calls per run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from xorlab.tracking.names import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.read.frames import Row, long_frame
from xorlab.tracking.store.store import Store, session_of, tables

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 500  # runs of one query
_TAGS = {OUTCOME_TAG: "outcome", SWEEP_TAG: "sweep", KEY_TAG: "key"}


def rows_from_sql(store: Store, run_ids: Sequence[str] | None = None) -> Iterator[Row]:
    """The experiment's runs that xorlab recorded, as rows for `runs_frame`, oldest first.

    Args:
        store: a store with an SQL database behind it.
        run_ids: only these runs, in their order; None for all.
    """
    for some in _parts(_all_runs(store) if run_ids is None else run_ids):
        rows = _rows(store, some)
        # Another process may have deleted a run for good since it was listed.
        yield from (rows[run_id] for run_id in some if {"run_id", "key"} <= rows[run_id].keys())


def _all_runs(store: Store) -> list[str]:
    from sqlalchemy import select

    models = tables()
    run, tag = models.SqlRun, models.SqlTag
    query = (
        select(run.run_uuid)
        .join(tag, tag.run_uuid == run.run_uuid)
        .where(
            tag.key == KEY_TAG,
            run.experiment_id == int(store.experiment_id),
            run.lifecycle_stage == "active",
        )
        .order_by(run.start_time, run.run_uuid)
    )
    with session_of(store) as session:
        return list(session.scalars(query))


def _rows(store: Store, run_ids: Sequence[str]) -> dict[str, Row]:
    """Rows of these runs by their ids; that of a run which is not there is empty."""
    from sqlalchemy import select

    models = tables()
    run, tag = models.SqlRun, models.SqlTag
    rows: dict[str, Row] = {run_id: {} for run_id in run_ids}
    with session_of(store) as session:
        connection = session.connection()  # gives rows in half the time that a session takes
        query = select(run.run_uuid, run.name, run.status).where(run.run_uuid.in_(run_ids))
        for run_id, name, status in connection.execute(query).all():
            rows[run_id] |= {"run_id": run_id, "name": name, "status": status}
        query = select(tag.run_uuid, tag.key, tag.value).where(tag.run_uuid.in_(run_ids))
        for run_id, key, value in connection.execute(query.where(tag.key.in_(_TAGS))).all():
            rows[run_id][_TAGS[key]] = value
        for table, prefix in ((models.SqlParam, "params."), (models.SqlLatestMetric, "metrics.")):
            query = select(table.run_uuid, table.key, table.value)
            query = query.where(table.run_uuid.in_(run_ids))
            for run_id, key, value in connection.execute(query).all():
                rows[run_id][prefix + key] = value
    return rows


def curves_from_sql(store: Store, run_ids: Sequence[str]) -> pd.DataFrame:
    """The loss curves of these runs, in their order."""
    from sqlalchemy import select

    metric = tables().SqlMetric
    numbers = {run_id: number for number, run_id in enumerate(run_ids)}
    kind = [("run", np.int64), ("step", np.int64), ("loss", np.float64)]
    parts = [np.empty(0, kind)]
    for some in _parts(run_ids):
        # All metrics of the runs: asked for one metric, SQLite walks through that one of every
        # run that there is, once per query.
        query = select(metric.run_uuid, metric.key, metric.step, metric.value)
        with session_of(store) as session:
            found = session.connection().execute(query.where(metric.run_uuid.in_(some))).all()
            rows = [
                (numbers[run_id], step, value) for run_id, key, step, value in found if key == CURVE
            ]
        part = np.array(rows, kind)
        parts.append(part[np.lexsort((part["step"], part["run"]))])
    table = np.concatenate(parts)
    return long_frame(run_ids, table["run"], table["step"], table["loss"])


def _parts(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(run_ids), _AT_ONCE):
        yield run_ids[start : start + _AT_ONCE]
