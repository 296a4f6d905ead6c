"""Which runs have ended already, in one search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING

from xorlab.tracking.names import FAILED, FINISHED, KEY_TAG, OWNER_TAG, RECORD_TAG, SWEEP_TAG
from xorlab.tracking.read.frames import Row, client_row
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.sql import rows_from_sql
from xorlab.tracking.store.store import Store, session_of, tables

if TYPE_CHECKING:
    from mlflow.entities import Run


def ended_runs(store: Store, keys: Collection[str], sweep: str | None = None) -> Iterator[Row]:
    """The runs with these keys that have ended, FINISHED or FAILED, as rows for `runs_frame`.

    One for each key: a finished run is preferred to a failed one, one of ``sweep`` to others, and
    an older one to a younger one.
    """
    if not keys:
        return
    if not store.has_sql:
        yield from _best(_from_client(store, keys), sweep)
        return
    chosen = [row["run_id"] for row in _best(_from_sql(store, keys), sweep)]
    yield from rows_from_sql(store, chosen)


def finished_runs(store: Store, names: Mapping[str, str], but: str | None = None) -> Iterator[Run]:
    """The finished runs with some keys, through MLflow's client.

    Args:
        store: where to search.
        names: of the runs, by key. MLflow cannot search for one of several values of a tag, but
            runs of one key have one name, and the names of a shard begin alike.
        but: a sweep whose own runs are left out. It may have thousands with such names, and each
            run that a server finds takes milliseconds.
    """
    if not names:
        return
    text = f"{_named(names.values())} AND attributes.status = '{FINISHED}'"
    text += f" AND tags.`{KEY_TAG}` LIKE '%'"
    # MLflow's `!=` is false where the tag is missing, and a single run has no sweep, but an owner.
    whose = (f"tags.`{SWEEP_TAG}` != '{but}'", f"tags.`{OWNER_TAG}` LIKE '%'")
    for some in [text] if but is None else [f"{text} AND {one}" for one in whose]:
        for run in search_all(store, some):
            if run.data.tags[KEY_TAG] in names:
                yield run


def _named(names: Collection[str]) -> str:
    """A filter that finds all runs with these names, and few others."""
    first, last = min(names), max(names)
    if first == last:
        return f"attributes.run_name = '{first}'"
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return f"attributes.run_name LIKE '{''.join(one for one, _ in pairs)}%'"


def _best(rows: Iterator[Row], sweep: str | None) -> Iterator[Row]:
    """One row for each key, from rows that are sorted by age."""
    best: dict[str, tuple[tuple[bool, bool], Row]] = {}
    for row in rows:
        rank = row["status"] != FINISHED, row.get("sweep") != sweep
        if row["key"] not in best or rank < best[row["key"]][0]:
            best[row["key"]] = rank, row
    return (row for _, row in best.values())


def _from_client(store: Store, keys: Collection[str]) -> Iterator[Row]:
    for run in search_all(store, f"tags.`{KEY_TAG}` LIKE '%'"):
        if run.info.status in (FINISHED, FAILED) and run.data.tags[KEY_TAG] in keys:
            yield client_row(run)


def _from_sql(store: Store, keys: Collection[str]) -> Iterator[Row]:
    """Of each run only what decides between it and others of its key."""
    from sqlalchemy import and_, select
    from sqlalchemy.orm import aliased

    models = tables()
    run, key, sweep = models.SqlRun, models.SqlTag, aliased(models.SqlTag)
    query = (
        select(run.run_uuid, run.status, key.value, sweep.value)
        .join(key, key.run_uuid == run.run_uuid)
        .outerjoin(sweep, and_(sweep.run_uuid == run.run_uuid, sweep.key == SWEEP_TAG))
        .where(
            key.key == KEY_TAG,
            run.status.in_((FINISHED, FAILED)),
            run.lifecycle_stage == "active",
            run.experiment_id == int(store.experiment_id),
        )
        .order_by(run.start_time, run.run_uuid)
    )
    with session_of(store) as session:
        for run_id, status, run_key, sweep_id in session.execute(query):
            if run_key in keys:
                yield {"run_id": run_id, "status": status, "key": run_key, "sweep": sweep_id}


def runs_of(store: Store, record: str) -> list[Run]:
    """The runs that were created for a record: one, unless a call to the server was repeated."""
    return list(search_all(store, f"tags.`{RECORD_TAG}` = '{record}'"))
