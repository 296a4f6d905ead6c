"""Reading a local SQL store in a few queries instead of a few calls per run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xorlab.tracking.reader import curves_frame
from xorlab.tracking.record import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.store import Store

if TYPE_CHECKING:
    import pandas as pd

_IN_CLAUSE = 500
Row = dict[str, Any]
_TAGS = {OUTCOME_TAG: "outcome", SWEEP_TAG: "sweep", KEY_TAG: "key"}


def rows_from_sql(store: Store, identifiers: Sequence[str] | None = None) -> list[Row]:
    """What `search_runs` returns for the experiment's runs, oldest first, a dictionary each.

    Args:
        store: a store with an SQL database behind it.
        identifiers: these runs only; None for all that xorlab recorded.
    """
    from mlflow.store.tracking.dbmodels.models import SqlRun

    ours = [SqlRun.experiment_id == int(store.experiment_id), SqlRun.lifecycle_stage == "active"]
    if identifiers is None:
        return _rows(store, ours)
    rows: dict[str, Row] = {}
    for start in range(0, len(identifiers), _IN_CLAUSE):
        some = identifiers[start : start + _IN_CLAUSE]
        found = _rows(store, [*ours, SqlRun.run_uuid.in_(some)])
        rows.update({row["run_id"]: row for row in found})
    return [rows[identifier] for identifier in identifiers if identifier in rows]


def _rows(store: Store, where: Sequence[Any]) -> list[Row]:
    from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlParam, SqlRun, SqlTag
    from sqlalchemy import select

    sql = store.sql
    assert sql is not None  # noqa: S101  (the caller asked)
    rows: dict[str, Row] = {}
    with sql.ManagedSessionMaker() as session:
        runs = select(SqlRun.run_uuid, SqlRun.name, SqlRun.status).where(*where)
        for run_id, name, status in session.execute(
            runs.order_by(SqlRun.start_time, SqlRun.run_uuid)
        ):
            rows[run_id] = {"run_id": run_id, "name": name, "status": status}
        for table, prefix in ((SqlTag, None), (SqlParam, "params."), (SqlLatestMetric, "metrics.")):
            query = select(table.run_uuid, table.key, table.value)
            if prefix is None:
                query = query.where(SqlTag.key.in_(_TAGS))
            query = query.join(SqlRun, SqlRun.run_uuid == table.run_uuid).where(*where)
            for run_id, key, value in session.execute(query):
                rows[run_id][_TAGS[key] if prefix is None else prefix + key] = value
    return [row for row in rows.values() if "key" in row]


def curves_from_sql(store: Store, identifiers: Sequence[str]) -> pd.DataFrame:
    """The loss curves of these runs, in their order."""
    from mlflow.store.tracking.dbmodels.models import SqlMetric
    from sqlalchemy import select

    sql = store.sql
    assert sql is not None  # noqa: S101  (the caller asked)
    found: dict[str, tuple[list[int], list[float]]] = {}
    with sql.ManagedSessionMaker() as session:
        for start in range(0, len(identifiers), _IN_CLAUSE):
            query = (
                select(SqlMetric.run_uuid, SqlMetric.step, SqlMetric.value)
                .where(
                    SqlMetric.run_uuid.in_(identifiers[start : start + _IN_CLAUSE]),
                    SqlMetric.key == CURVE,
                )
                .order_by(SqlMetric.run_uuid, SqlMetric.step)
            )
            for run_id, step, value in session.execute(query):
                curve = found.get(run_id)
                if curve is None:
                    curve = found[run_id] = ([], [])
                curve[0].append(step)
                curve[1].append(value)
    empty: tuple[list[int], list[float]] = ([], [])
    return curves_frame(
        [
            (run_id, np.array(steps, np.int64), np.array(losses, np.float64))
            for run_id in identifiers
            for steps, losses in [found.get(run_id, empty)]
        ]
    )
