"""Which runs have ended already: one search, however many there are."""

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

    For each key one: a finished run comes before a failed one, one of ``sweep`` before others, and
    an older before a younger.
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
        store: where they are.
        names: of the runs, by key. MLflow cannot search for one of several values of a tag; but
            runs of one key have one name, and those of a shard begin alike.
        but: a sweep whose own runs are left out. It may have thousands that begin so, and each that
            a server finds costs it milliseconds.
    """
    if not names:
        return
    text = f"{_named(names.values())} AND attributes.status = '{FINISHED}'"
    text += f" AND tags.`{KEY_TAG}` LIKE '%'"
    # A run by itself has no sweep, and MLflow's `!=` is true of tags that are there alone.
    whose = (f"tags.`{SWEEP_TAG}` != '{but}'", f"tags.`{OWNER_TAG}` LIKE '%'")
    for some in [text] if but is None else [f"{text} AND {one}" for one in whose]:
        for run in search_all(store, some):
            if run.data.tags[KEY_TAG] in names:
                yield run


def _named(names: Collection[str]) -> str:
    """A search for all runs with these names, and as few others as may be."""
    first, last = min(names), max(names)
    if first == last:
        return f"attributes.run_name = '{first}'"
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return f"attributes.run_name LIKE '{''.join(one for one, _ in pairs)}%'"


def _best(rows: Iterator[Row], sweep: str | None) -> Iterator[Row]:
    """One row of each key, from rows that are sorted by age."""
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
    """Of each run no more than decides between it and others."""
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
        for run_id, status, group_field, sweep_of in session.execute(query):
            if group_field in keys:
                yield {"run_id": run_id, "status": status, "key": group_field, "sweep": sweep_of}


def runs_of(store: Store, record: str) -> list[Run]:
    """Every run that was made for a record: one, unless a call was repeated."""
    return list(search_all(store, f"tags.`{RECORD_TAG}` = '{record}'"))
