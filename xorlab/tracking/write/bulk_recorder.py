"""Recording many runs at once in an SQL store, as the rows that MLflow's client would write."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from xorlab.tracking.names import FINISHED, KEY_TAG
from xorlab.tracking.store.artifacts import local_folder, write_files
from xorlab.tracking.store.errors import check_there
from xorlab.tracking.store.postgres import is_postgres, lock_runs
from xorlab.tracking.store.store import Store, session_of, tables
from xorlab.tracking.write.record import Record

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Schema revisions for which the statements below are tested.
KNOWN_REVISIONS = frozenset({"dc11669786a5"})
_DIALECTS = ("sqlite", "postgresql")
_ARTIFACTS = "artifacts"


class BulkRecorder:
    """Records through a session of the SQL store, all runs in one transaction.

    Args:
        store: an open store for which `refusal` gave no reason.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.superseded: set[str] = set()
        experiment = store.client.get_experiment(store.experiment_id)
        self._location: str = experiment.artifact_location.rstrip("/")

    def record(self, records: Sequence[Record], skip_existing: bool) -> list[str | None]:
        """Record runs; see `xorlab.tracking.write.client_recorder.Recorder`."""
        identifiers = [uuid.uuid4().hex for _ in records]
        # Files first: a run that is in the database is complete, whatever happens in between.
        try:
            for identifier, record in zip(identifiers, records, strict=True):
                folder = local_folder(self._artifact_uri(identifier))
                if record.artifacts and folder is not None:
                    write_files(folder, record.artifacts)
        except BaseException:
            # The disk may be full: remove files without a run.
            self._forget(identifiers)
            raise
        try:
            recorded = self._written(identifiers, records, skip_existing)
        except BaseException:
            with contextlib.suppress(Exception):  # the error may have come after the commit
                self._forget(set(identifiers) - self._recorded(identifiers))
            raise
        self._forget(identifier for identifier in identifiers if identifier not in recorded)
        return [identifier if identifier in recorded else None for identifier in identifiers]

    def _written(
        self, identifiers: Sequence[str], records: Sequence[Record], skip_existing: bool
    ) -> set[str]:
        """Insert runs in one transaction; ids of those that were not left out."""
        with session_of(self._store, read_only=False) as session:
            self._wait_for_others(session)
            present = self._finished(session, records) if skip_existing else set()
            absent = [
                (identifier, record)
                for identifier, record in zip(identifiers, records, strict=True)
                if record.tags[KEY_TAG] not in present
            ]
            self._insert(session, absent)
            # If the folder was moved meanwhile, some of the files are in another place.
            check_there(self._store)
        return {identifier for identifier, _ in absent}

    def _recorded(self, identifiers: Sequence[str]) -> set[str]:
        """Which of these runs are in the database."""
        from sqlalchemy import select

        run_id = tables().SqlRun.run_uuid
        with session_of(self._store) as session:
            return set(session.scalars(select(run_id).where(run_id.in_(identifiers))))

    def _wait_for_others(self, session: Session) -> None:
        """Lock the database before reading, so that the search sees all that others finished."""
        if is_postgres(self._store.uri):
            lock_runs(session)
        else:
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")

    def _forget(self, identifiers: Iterable[str]) -> None:
        """Remove the files of these runs."""
        for identifier in identifiers:
            folder = local_folder(self._artifact_uri(identifier))
            if folder is not None:
                shutil.rmtree(folder.parent, ignore_errors=True)

    def flush(self) -> str | None:
        """Nothing waits here."""
        return None

    def _artifact_uri(self, identifier: str) -> str:
        return f"{self._location}/{identifier}/{_ARTIFACTS}"

    def _finished(self, session: Session, records: Sequence[Record]) -> set[str]:
        """Keys that another sweep has finished in the meantime."""
        from sqlalchemy import select

        models = tables()
        query = (
            select(models.SqlTag.value)
            .join(models.SqlRun, models.SqlRun.run_uuid == models.SqlTag.run_uuid)
            .where(
                models.SqlTag.key == KEY_TAG,
                models.SqlTag.value.in_([record.tags[KEY_TAG] for record in records]),
                models.SqlRun.status == FINISHED,
                models.SqlRun.lifecycle_stage == "active",
                models.SqlRun.experiment_id == int(self._store.experiment_id),
            )
        )
        return set(session.scalars(query))

    def _insert(self, session: Session, runs: Sequence[tuple[str, Record]]) -> None:
        from sqlalchemy import insert

        models = tables()
        rows: list[tuple[Any, list[dict[str, Any]]]] = [
            (models.SqlRun, [self._run_row(identifier, record) for identifier, record in runs]),
            (models.SqlTag, [row for run in runs for row in _pairs(run[0], run[1].tags)]),
            (models.SqlParam, [row for run in runs for row in _pairs(run[0], run[1].params)]),
            (models.SqlMetric, [row for run in runs for row in _metrics(*run)]),
            (models.SqlLatestMetric, [row for run in runs for row in _latest(*run)]),
        ]
        for table, values in rows:
            if values:
                session.execute(insert(table.__table__), values)

    def _run_row(self, identifier: str, record: Record) -> dict[str, Any]:
        return {
            "run_uuid": identifier,
            "name": record.name,
            "source_type": "UNKNOWN",
            "source_name": "",
            "entry_point_name": "",
            "user_id": record.tags.get("mlflow.user", "unknown"),
            "status": record.status,
            "start_time": record.started,
            "end_time": record.ended,
            "deleted_time": None,
            "source_version": "",
            "lifecycle_stage": "active",
            "artifact_uri": self._artifact_uri(identifier),
            "experiment_id": int(self._store.experiment_id),
        }


def refusal(store: Store) -> str | None:
    """Why runs cannot be recorded in bulk here; None if they can."""
    sql = store.sql
    if sql is None:
        return "the store is a server"
    if sql.engine.dialect.name not in _DIALECTS:
        return f"bulk statements are not known to work with {sql.engine.dialect.name}"
    location = store.client.get_experiment(store.experiment_id).artifact_location
    if local_folder(location) is None:
        return f"artifacts go to {location}"
    with sql.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found not in KNOWN_REVISIONS:
        return f"the store has schema revision {found}, which this version of xorlab does not know"
    return None


def _pairs(identifier: str, values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"run_uuid": identifier, "key": key, "value": value} for key, value in values.items()]


def _metric(identifier: str, key: str, value: float, step: int, record: Record) -> dict[str, Any]:
    return {
        "run_uuid": identifier,
        "key": key,
        "value": value,
        "timestamp": record.ended,
        "step": step,
        "is_nan": False,
    }


def _final(identifier: str, record: Record) -> list[dict[str, Any]]:
    return [_metric(identifier, k, v, record.step, record) for k, v in record.metrics.items()]


def _metrics(identifier: str, record: Record) -> list[dict[str, Any]]:
    curve = zip(record.steps.tolist(), record.loss.tolist(), strict=True)
    rows = [_metric(identifier, "loss", loss, step, record) for step, loss in curve]
    for name, (steps, values) in record.curves.items():
        points = zip(steps.tolist(), values.tolist(), strict=True)
        rows += [_metric(identifier, name, value, step, record) for step, value in points]
    return rows + _final(identifier, record)


def _latest(identifier: str, record: Record) -> list[dict[str, Any]]:
    rows = []
    if len(record.steps):
        last, step = float(record.loss[-1]), int(record.steps[-1])
        rows.append(_metric(identifier, "loss", last, step, record))
    for name, (steps, values) in record.curves.items():
        if len(steps):
            rows.append(_metric(identifier, name, float(values[-1]), int(steps[-1]), record))
    return rows + _final(identifier, record)
