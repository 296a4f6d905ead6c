"""Which runs have ended already, in one search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING

from xorlab.tracking.names import FAILED, FINISHED, KEY_TAG, OWNER_TAG, RECORD_TAG, SWEEP_TAG
from xorlab.tracking.read.frames import Row, client_row
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.sql import rows_from_sql
from xorlab.tracking.store.conditions import Condition, attribute, tag
from xorlab.tracking.store.new_rows import Value
from xorlab.tracking.store.store import Store
from xorlab.trainers.trainer import CODE_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run

_ENDED = """
    SELECT run.run_uuid, run.status, own.value, parent.value
    FROM runs AS run
    JOIN tags AS own ON own.run_uuid = run.run_uuid AND own."key" = :key
    LEFT JOIN tags AS parent ON parent.run_uuid = run.run_uuid AND parent."key" = :sweep
    WHERE run.status IN (:finished, :failed) AND run.lifecycle_stage = 'active'
    AND run.experiment_id = :experiment
    ORDER BY run.start_time, run.run_uuid
"""

_OTHER_CODE = """
    SELECT own.value
    FROM runs AS run
    JOIN tags AS own ON own.run_uuid = run.run_uuid AND own."key" = :key
    JOIN tags AS code ON code.run_uuid = run.run_uuid AND code."key" = :code_key
    WHERE run.status = :finished AND run.lifecycle_stage = 'active' AND code.value != :code
    AND run.experiment_id = :experiment
"""


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
    wanted = [_named(names.values()), attribute("status", "is", FINISHED), tag(KEY_TAG)]
    # "is not" is false where the tag is missing, and a single run has no sweep, but an owner.
    whose = [] if but is None else [tag(SWEEP_TAG, "is not", but), tag(OWNER_TAG)]
    for some in [[*wanted, one] for one in whose] or [wanted]:
        for run in search_all(store, some):
            if run.data.tags[KEY_TAG] in names:
                yield run


def from_other_code(store: Store, keys: Collection[str], code: str) -> int:
    """How many of these keys have a finished run that was recorded from another file.

    Args:
        store: where to search.
        keys: of the runs.
        code: the digest of the trainer's file.
    """
    if not store.has_sql:
        wanted = [attribute("status", "is", FINISHED), tag(CODE_TAG, "is not", code), tag(KEY_TAG)]
        found = {run.data.tags[KEY_TAG] for run in search_all(store, wanted)}
        return len(found.intersection(keys))
    values: dict[str, Value] = {
        "key": KEY_TAG,
        "code_key": CODE_TAG,
        "code": code,
        "finished": FINISHED,
        "experiment": int(store.experiment_id),
    }
    with store.database.reading() as transaction:
        found = {key for (key,) in transaction.rows(_OTHER_CODE, values)}
    return len(found.intersection(keys))


def _named(names: Collection[str]) -> Condition:
    """A condition that finds all runs with these names, and few others."""
    first, last = min(names), max(names)
    if first == last:
        return attribute("run_name", "is", first)
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return attribute("run_name", "begins with", "".join(one for one, _ in pairs))


def _best(rows: Iterator[Row], sweep: str | None) -> Iterator[Row]:
    """One row for each key, from rows that are sorted by age."""
    best: dict[str, tuple[tuple[bool, bool], Row]] = {}
    for row in rows:
        rank = row["status"] != FINISHED, row.get("sweep") != sweep
        if row["key"] not in best or rank < best[row["key"]][0]:
            best[row["key"]] = rank, row
    return (row for _, row in best.values())


def _from_client(store: Store, keys: Collection[str]) -> Iterator[Row]:
    for run in search_all(store, [tag(KEY_TAG)]):
        if run.info.status in (FINISHED, FAILED) and run.data.tags[KEY_TAG] in keys:
            yield client_row(run)


def _from_sql(store: Store, keys: Collection[str]) -> Iterator[Row]:
    """Of each run only what decides between it and others of its key."""
    values: dict[str, Value] = {
        "key": KEY_TAG,
        "sweep": SWEEP_TAG,
        "finished": FINISHED,
        "failed": FAILED,
        "experiment": int(store.experiment_id),
    }
    with store.database.reading() as transaction:
        for run_id, status, run_key, sweep_id in transaction.rows(_ENDED, values):
            if run_key in keys:
                yield {"run_id": run_id, "status": status, "key": run_key, "sweep": sweep_id}


def runs_of(store: Store, record: str) -> list[Run]:
    """The runs that were created for a record: one, unless a call to the server was repeated."""
    return list(search_all(store, [tag(RECORD_TAG, "is", record)]))
