"""Records into MLflow, each complete or absent."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from xorlab.system.clock import now
from xorlab.system.deadline import within
from xorlab.tracking.names import FINISHED, KEY_TAG, KILLED, ONCE_TAG, SWEEP_TAG
from xorlab.tracking.read.search import finished_runs
from xorlab.tracking.store.artifacts import put_artifacts
from xorlab.tracking.store.errors import check_there, release_frames
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.duplicates import without_duplicates
from xorlab.tracking.write.record import Record

if TYPE_CHECKING:
    from mlflow.entities import Metric, Run

_METRICS_PER_CALL = 1000
_PARAMS_PER_CALL = 100
_ABANDONING = 2.0  # seconds


class Recorder(Protocol):
    """A way to record runs.

    Attributes:
        superseded: ids of runs that were deleted because another run has their key.
    """

    superseded: set[str]

    def record(self, records: Sequence[Record], skip_existing: bool) -> list[str | None]:
        """Record runs, each complete or absent.

        Args:
            records: the runs.
            skip_existing: leave out runs whose key another sweep has finished in the meantime.

        Returns:
            run ids in the order of the records; None for runs that were left out, and for those
            that wait until a server answers.
        """

    def flush(self) -> str | None:
        """Send what waits to the store; returns what is left and what to do, if that fails."""


class ClientRecorder:
    """Records through MLflow's public client, on any kind of store."""

    def __init__(self, store: Store) -> None:
        self._store = store.through_mlflow
        self.superseded: set[str] = set()

    def record(self, records: Sequence[Record], skip_existing: bool) -> list[str | None]:
        """Record runs one by one."""
        present = finished_keys(self._store, records) if skip_existing else set()
        identifiers = []
        try:
            for record in records:
                there = record.tags[KEY_TAG] in present
                identifiers.append(
                    None if there else record_run(self._store, record, skip_existing)
                )
        finally:  # also of what was recorded before an error
            names = names_of(records) if skip_existing else {}
            self.superseded |= without_duplicates(self._store, names, sweep_of(records))
        superseded = self.superseded
        return [None if run_id in superseded else run_id for run_id in identifiers]

    def flush(self) -> str | None:
        """Nothing waits."""
        return None


def names_of(records: Sequence[Record]) -> dict[str, str]:
    """Names of finished runs, by key; a failed run may be recorded twice."""
    return {record.tags[KEY_TAG]: record.name for record in records if record.status == FINISHED}


def finished_keys(store: Store, records: Sequence[Record]) -> set[str]:
    """Keys of these records with a finished run already; runs of their own sweep do not count."""
    names = {record.tags[KEY_TAG]: record.name for record in records}
    found = finished_runs(store, names, but=sweep_of(records))
    return {run.data.tags[KEY_TAG] for run in found}


def sweep_of(records: Sequence[Record]) -> str | None:
    """The sweep that all records belong to; None for single runs."""
    return records[0].tags.get(SWEEP_TAG) if records else None


def record_run(store: Store, record: Record, skip_existing: bool) -> str:
    """Record one run through MLflow's public client; returns its id."""
    run = create(store, record, skip_existing)
    complete_or_abandon(store, run, record)
    return str(run.info.run_id)


def complete_or_abandon(store: Store, run: Run, record: Record) -> None:
    """Add the rest of its record to a run; if that breaks off, the run is KILLED."""
    try:
        complete(store, run, record)
    except BaseException as error:
        release_frames(error)  # an interrupted transaction would keep the store locked for us too
        _abandon(store, run.info.run_id)
        raise


def create(store: Store, record: Record, skip_existing: bool) -> Run:
    """Create the run of a record, with its tags only.

    Args:
        store: where.
        record: of the run.
        skip_existing: whether an older finished run with its key supersedes it.
    """
    return store.client.create_run(
        store.experiment_id,
        start_time=record.started,
        tags=record.tags | ({ONCE_TAG: f"{now():015d}"} if skip_existing else {}),
        run_name=record.name,
    )


def complete(store: Store, run: Run, record: Record) -> None:
    """Add the rest of its record to a run; what the run already has is not added twice."""
    from mlflow.entities import Param

    run_id = run.info.run_id
    put_artifacts(store, run_id, run.info.artifact_uri, record.artifacts)
    params = [Param(key, value) for key, value in record.params.items()]
    metrics = metric_entities(record)
    first = _METRICS_PER_CALL - len(params)
    client = store.client
    client.log_batch(run_id, metrics=metrics[:first], params=params[:_PARAMS_PER_CALL])
    for start in range(first, len(metrics), _METRICS_PER_CALL):
        client.log_batch(run_id, metrics=metrics[start : start + _METRICS_PER_CALL])
    check_there(store)
    # This call comes last: an error before it leaves a run that is not FINISHED.
    client.set_terminated(run_id, record.status, end_time=record.ended)


def _abandon(store: Store, run_id: str) -> None:
    """Mark a run as abandoned; if even that fails, or takes long, the next sweep notices."""
    with contextlib.suppress(Exception):
        within(_ABANDONING, lambda: store.client.set_terminated(run_id, KILLED))


def metric_entities(record: Record) -> list[Metric]:
    """The curves and the final numbers as MLflow's metrics."""
    from mlflow.entities import Metric

    points = [
        Metric(name, value, record.ended, step)
        for name, (steps, values) in record.curves.items()
        for step, value in zip(steps.tolist(), values.tolist(), strict=True)
    ]
    final = [Metric(key, v, record.ended, record.step) for key, v in record.metrics.items()]
    return points + final
