"""Reading a local SQL store in a few queries instead of a few calls per run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xorlab.tracking.names import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.read.frames import Curve, curves_frame
from xorlab.tracking.store.store import Store, session_of, tables

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
    models = tables()
    ours = [
        models.SqlRun.experiment_id == int(store.experiment_id),
        models.SqlRun.lifecycle_stage == "active",
    ]
    if identifiers is None:
        return _rows(store, ours)
    rows: dict[str, Row] = {}
    for start in range(0, len(identifiers), _IN_CLAUSE):
        some = identifiers[start : start + _IN_CLAUSE]
        found = _rows(store, [*ours, models.SqlRun.run_uuid.in_(some)])
        rows.update({row["run_id"]: row for row in found})
    return [rows[identifier] for identifier in identifiers if identifier in rows]


def _rows(store: Store, where: Sequence[Any]) -> list[Row]:
    from sqlalchemy import select

    models = tables()

    rows: dict[str, Row] = {}
    with session_of(store) as session:
        runs = select(models.SqlRun.run_uuid, models.SqlRun.name, models.SqlRun.status).where(
            *where
        )
        for run_id, name, status in session.execute(
            runs.order_by(models.SqlRun.start_time, models.SqlRun.run_uuid)
        ):
            rows[run_id] = {"run_id": run_id, "name": name, "status": status}
        for table, prefix in (
            (models.SqlTag, None),
            (models.SqlParam, "params."),
            (models.SqlLatestMetric, "metrics."),
        ):
            query = select(table.run_uuid, table.key, table.value)
            if prefix is None:
                query = query.where(models.SqlTag.key.in_(_TAGS))
            query = query.join(models.SqlRun, models.SqlRun.run_uuid == table.run_uuid).where(
                *where
            )
            for run_id, key, value in session.execute(query):
                if run_id in rows:  # another process may have recorded more since the first query
                    rows[run_id][_TAGS[key] if prefix is None else prefix + key] = value
    return [row for row in rows.values() if "key" in row]


def curves_from_sql(store: Store, identifiers: Sequence[str]) -> pd.DataFrame:
    """The loss curves of these runs, in their order."""
    from sqlalchemy import select

    models = tables()

    pieces = []
    with session_of(store) as session:
        for start in range(0, len(identifiers), _IN_CLAUSE):
            some = list(identifiers[start : start + _IN_CLAUSE])
            # All metrics of the runs: asked for one metric, SQLite walks through that one of every
            # run that there is, once per query.
            metric = models.SqlMetric
            query = select(metric.run_uuid, metric.key, metric.step, metric.value).where(
                metric.run_uuid.in_(some)
            )
            place = {name: number for number, name in enumerate(some)}
            rows = [
                (place[run_id], step, value)
                for run_id, key, step, value in session.execute(query)
                if key == CURVE
            ]
            pieces.append(_by_run(some, rows))
    return curves_frame([curve for piece in pieces for curve in piece])


def _by_run(identifiers: Sequence[str], rows: Sequence[tuple[int, int, float]]) -> list[Curve]:
    """Curves from rows (place of the run, step, loss) in any order."""
    table = np.array(rows, [("place", np.int64), ("step", np.int64), ("loss", np.float64)])
    table = table[np.lexsort((table["step"], table["place"]))]
    ends = np.searchsorted(table["place"], np.arange(1, len(identifiers)))
    parts = np.split(table, ends)
    return [(n, part["step"], part["loss"]) for n, part in zip(identifiers, parts, strict=True)]
