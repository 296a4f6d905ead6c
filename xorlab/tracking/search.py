"""Which runs have ended already: one search, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from xorlab.tracking.frames import client_row
from xorlab.tracking.pages import search_all
from xorlab.tracking.record import FAILED, FINISHED, KEY_TAG
from xorlab.tracking.sqlreader import rows_from_sql
from xorlab.tracking.store import Store, session_of, tables

if TYPE_CHECKING:
    from mlflow.entities import Run

Row = dict[str, Any]


def ended_runs(store: Store, keys: Collection[str], sweep: str | None = None) -> dict[str, Row]:
    """The runs with these keys that have ended, FINISHED or FAILED, as rows for `runs_frame`.

    A finished run comes before a failed one, one of ``sweep`` before others, and an older before a
    younger.
    """
    if not keys:
        return {}
    rows = _from_sql(store, set(keys)) if store.has_sql else _from_client(store)
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["status"] != FINISHED, row.get("sweep") != sweep)):
        if row["key"] in keys:
            found.setdefault(row["key"], row)
    return found


def finished_runs(store: Store, names: Mapping[str, str]) -> Iterator[Run]:
    """The finished runs with some keys, through MLflow's client, in one search.

    Args:
        store: where they are.
        names: of the runs, by key. MLflow cannot search for one of several values of a tag; but
            runs of one key have one name, and those of a shard begin alike.
    """
    if not names:
        return
    ends = zip(min(names.values()), max(names.values()), strict=False)
    begin = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    text = f"attributes.run_name LIKE '{begin}%' AND attributes.status = '{FINISHED}'"
    for run in search_all(store, f"{text} AND tags.`{KEY_TAG}` LIKE '%'"):
        if run.data.tags[KEY_TAG] in names:
            yield run


def _from_client(store: Store) -> list[Row]:
    runs = search_all(store, f"tags.`{KEY_TAG}` LIKE '%'")
    return [client_row(run) for run in runs if run.info.status in (FINISHED, FAILED)]


def _from_sql(store: Store, keys: set[str]) -> list[Row]:
    from sqlalchemy import select

    models = tables()

    query = (
        select(models.SqlTag.value, models.SqlTag.run_uuid)
        .join(models.SqlRun, models.SqlRun.run_uuid == models.SqlTag.run_uuid)
        .where(
            models.SqlTag.key == KEY_TAG,
            models.SqlRun.status.in_((FINISHED, FAILED)),
            models.SqlRun.lifecycle_stage == "active",
            models.SqlRun.experiment_id == int(store.experiment_id),
        )
        .order_by(models.SqlRun.start_time, models.SqlRun.run_uuid)
    )
    with session_of(store) as session:
        identifiers = [run_id for key, run_id in session.execute(query) if key in keys]
    return rows_from_sql(store, identifiers)
