"""Recording many runs at once in an SQL store, as the rows that MLflow's client would write."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from xorlab.system.clock import now
from xorlab.system.files import flush_file_system
from xorlab.tracking.names import FINISHED, KEY_TAG
from xorlab.tracking.store.artifacts import has_files, local_folder, write_files
from xorlab.tracking.store.database import Transaction, rows_in
from xorlab.tracking.store.errors import check_there
from xorlab.tracking.store.new_rows import NewRows, Row, Value
from xorlab.tracking.store.postgres_locks import SuspendedError
from xorlab.tracking.store.revisions import KNOWN_REVISIONS
from xorlab.tracking.store.rows import METRIC_COLUMNS, RUN_COLUMNS, TEXT_COLUMNS, run_row
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.record import Record

_SUSPENDED = (
    "this process was suspended for a minute while it recorded, so the database undid that for the "
    "sake of others; it is recorded now"
)
_MAY_STAGE = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
_KINDS = ("sqlite", "postgresql")
_ARTIFACTS = "artifacts"
_FINISHED = """
    SELECT own.value{more}
    FROM tags AS own JOIN runs AS run ON run.run_uuid = own.run_uuid
    WHERE run.status = :finished AND run.lifecycle_stage = 'active'
    AND run.experiment_id = :experiment AND own."key" = :key AND own.value IN
"""


class BulkRecorder:
    """Records in an SQL store by the database's own bulk statements, all runs in one transaction.

    Args:
        store: an open store for which `refusal` gave no reason.
        tell: prints a line: that this process was suspended, and its results are recorded anew.
    """

    def __init__(self, store: Store, tell: Callable[[str], None] = print) -> None:
        self._store, self._tell = store, tell
        self.superseded: set[str] = set()
        experiment = store.client.get_experiment(store.experiment_id)
        self._location: str = experiment.artifact_location.rstrip("/")
        self._folder = local_folder(self._location)
        self._next_id = 0

    def record(self, records: Sequence[Record], skip_existing: bool) -> list[str | None]:
        """Record runs; see `xorlab.tracking.write.client_recorder.Recorder`."""
        identifiers = self._run_ids(len(records))
        # Files first: a run that is in the database is complete, whatever happens in between.
        try:
            for identifier, record in zip(identifiers, records, strict=True):
                if record.artifacts and self._folder is not None:
                    _write(self._folder / identifier, record.artifacts)
            if self._folder is not None and self._folder.exists():
                # The database survives a loss of power, and must not outlive the files.
                flush_file_system(self._folder)
        except BaseException:
            # The disk may be full: remove files without a run.
            self._forget(identifiers)
            raise
        try:
            try:
                recorded, present = self._written(identifiers, records, skip_existing)
            except SuspendedError:
                self._tell(_SUSPENDED)
                recorded, present = self._written(identifiers, records, skip_existing)
        except BaseException:
            with contextlib.suppress(Exception):  # the error may have come after the commit
                self._forget(set(identifiers) - self._recorded(identifiers))
            raise
        self._forget(identifier for identifier in identifiers if identifier not in recorded)
        places = self._places(present)
        for record in records:
            _complete(record, places.get(record.tags[KEY_TAG]))
        return [identifier if identifier in recorded else None for identifier in identifiers]

    def _run_ids(self, count: int) -> list[str]:
        """New ids that ascend: the rows of runs that follow one another are near in every index.

        They begin with milliseconds since 1970 in eight hexadecimal digits, which start again
        after 50 days, or with the next such number that is free: a short beginning of an id is
        enough to find its run. The other digits are random.
        """
        first = max(self._next_id, now())
        self._next_id = first + count
        numbers = range(first, self._next_id)
        return [f"{number % 2**32:08x}{secrets.token_hex(12)}" for number in numbers]

    def _written(
        self, identifiers: Sequence[str], records: Sequence[Record], skip_existing: bool
    ) -> tuple[set[str], set[str]]:
        """Insert runs in one transaction.

        Returns:
            ids of those that were not left out; keys of the others.
        """
        runs = list(zip(identifiers, records, strict=True))
        # The search sees all that others have finished, as nobody can finish runs meanwhile.
        with self._store.database.writing(self._rows(runs)) as transaction:
            keys = [record.tags[KEY_TAG] for record in records]
            found = self._finished(transaction, keys) if skip_existing else ()
            present = {key for (key,) in found}
            superfluous = {run_id for run_id, record in runs if record.tags[KEY_TAG] in present}
            transaction.insert_new(but=superfluous)
            # If the folder was moved meanwhile, some of the files are in another place.
            check_there(self._store)
        return set(identifiers) - superfluous, present

    def _recorded(self, identifiers: Sequence[str]) -> set[str]:
        """Which of these runs are in the database."""
        query = "SELECT run_uuid FROM runs WHERE run_uuid IN "
        with self._store.database.reading() as transaction:
            return {run_id for (run_id,) in rows_in(transaction, query, identifiers)}

    def _forget(self, identifiers: Iterable[str]) -> None:
        """Remove the files of these runs."""
        for identifier in identifiers:
            if self._folder is not None:
                shutil.rmtree(self._folder / identifier, ignore_errors=True)

    def flush(self) -> str | None:
        """Nothing waits here."""
        return None

    def _artifact_uri(self, identifier: str) -> str:
        return f"{self._location}/{identifier}/{_ARTIFACTS}"

    def _finished(
        self, transaction: Transaction, keys: Sequence[str], more: str = ""
    ) -> Iterator[Row]:
        """Which keys another sweep has finished in the meantime, with more columns of its runs."""
        values: dict[str, Value] = {
            "key": KEY_TAG,
            "finished": FINISHED,
            "experiment": int(self._store.experiment_id),
        }
        return rows_in(transaction, _FINISHED.format(more=more), keys, values)

    def _places(self, keys: Iterable[str]) -> dict[str, str]:
        """Where the files are of finished runs with these keys."""
        listed = sorted(keys)
        if not listed:
            return {}
        with self._store.database.reading() as transaction:
            return dict(self._finished(transaction, listed, ", run.artifact_uri"))

    def _rows(self, runs: Sequence[tuple[str, Record]]) -> list[NewRows]:
        """What MLflow's tables get of these runs."""
        tags = (row for i, run in runs for row in _pairs(i, run.tags))
        params = (row for i, run in runs for row in _pairs(i, run.params))
        metrics = (row for run in runs for row in _metrics(*run))
        latest = (row for run in runs for row in _latest(*run))
        return [
            NewRows("runs", RUN_COLUMNS, [self._run_row(*run) for run in runs]),
            NewRows("tags", TEXT_COLUMNS, tags),
            NewRows("params", TEXT_COLUMNS, params),
            NewRows("metrics", METRIC_COLUMNS, metrics),
            NewRows("latest_metrics", METRIC_COLUMNS, latest),
        ]

    def _run_row(self, identifier: str, record: Record) -> tuple[Value, ...]:
        return run_row(
            identifier,
            self._store.experiment_id,
            self._artifact_uri(identifier),
            record.name,
            record.tags.get("mlflow.user", "unknown"),
            record.status,
            record.started,
            record.ended,
        )


def refusal(store: Store) -> str | None:
    """Why runs cannot be recorded in bulk here; None if they can."""
    if not store.has_sql:
        return "the store is a server"
    database = store.database
    if database.kind not in _KINDS:
        return f"bulk statements are not known to work with {database.kind}"
    location = store.client.get_experiment(store.experiment_id).artifact_location
    if local_folder(location) is None:
        return f"artifacts go to {location}"
    with database.reading() as transaction:
        ((found,),) = transaction.rows("SELECT version_num FROM alembic_version")
        if database.kind == "postgresql":
            ((may,),) = transaction.rows(_MAY_STAGE)
            if not may:
                return "this user may not make temporary tables in the database"
    if found not in KNOWN_REVISIONS:
        return f"the store has schema revision {found}, which this version of xorlab does not know"
    return None


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a run that no database knows yet; half a file is no harm there."""
    artifacts = f"{folder}/{_ARTIFACTS}"
    try:
        os.mkdir(folder)  # noqa: PTH102  (a call less for each run than with its parents)
    except FileNotFoundError:  # it is the first of its experiment
        folder.mkdir(parents=True)
    os.mkdir(artifacts)  # noqa: PTH102
    for name, content in files.items():
        with open(f"{artifacts}/{name}", "xb", buffering=0) as file:  # noqa: PTH123  (twice as fast)
            file.write(content)


def _complete(record: Record, place: str | None) -> None:
    """Give a run that has lost its files those of a record with its key."""
    folder = None if place is None else local_folder(place)
    if folder is not None and record.status == FINISHED and not has_files(folder):
        write_files(folder, record.artifacts)


def _pairs(identifier: str, values: dict[str, str]) -> Iterator[tuple[Value, ...]]:
    return ((key, value, identifier) for key, value in values.items())


def _final(identifier: str, record: Record) -> Iterator[tuple[Value, ...]]:
    """The rows of the final metrics."""
    return (
        (key, value, record.ended, record.step, False, identifier)
        for key, value in record.metrics.items()
    )


def _metrics(identifier: str, record: Record) -> Iterator[tuple[Value, ...]]:
    for name, (steps, values) in record.curves.items():
        points = zip(steps.tolist(), values.tolist(), strict=True)
        yield from ((name, value, record.ended, step, False, identifier) for step, value in points)
    yield from _final(identifier, record)


def _latest(identifier: str, record: Record) -> Iterator[tuple[Value, ...]]:
    for name, (steps, values) in record.curves.items():
        if len(steps):
            last, step = float(values[-1]), int(steps[-1])
            yield name, last, record.ended, step, False, identifier
    yield from _final(identifier, record)
