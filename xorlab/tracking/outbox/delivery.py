"""Results from the outbox to their server, each exactly once.

A connection that broke does not tell whether the server did what it was asked, and MLflow repeats
such calls. So every record has an id, which its run carries as a tag: what the server already has
of a record is looked up, and completed or removed, before its run is created.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.errors import StoreError
from xorlab.tracking.names import FINISHED, KEY_TAG, RECORD_TAG, RUNNING
from xorlab.tracking.outbox.folder import Outbox, is_for
from xorlab.tracking.outbox.pending import Pending, PendingFile, PendingRun, PendingSweep
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.search import runs_of
from xorlab.tracking.store.artifacts import put_artifacts
from xorlab.tracking.store.conditions import attribute, tag
from xorlab.tracking.store.refusals import refusal
from xorlab.tracking.store.server import ServerAwayError, answers_now
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.client_recorder import complete, create, names_of
from xorlab.tracking.write.duplicates import delete, without_duplicates, without_duplicates_of

if TYPE_CHECKING:
    from mlflow.entities import Run

# Gives a parent run its summary and its status.
Finish = Callable[[Store, PendingSweep], None]


@dataclass
class Delivery:
    """What was delivered from an outbox.

    Attributes:
        delivered: how many runs were recorded, and files added to runs under way.
        present: how many were not needed, because the server had them.
        sweeps: how many were finished.
        records: ids of the runs' records.
        unfinished: ids of runs that got files and are not finished.
        failures: files that stay, with the reason.
    """

    delivered: int = 0
    present: int = 0
    sweeps: int = 0
    records: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    failures: dict[Path, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The failures, for the user."""
        return [f"{path} is left alone: {reason}" for path, reason in self.failures.items()]

    def add(self, pending: Pending, needed: bool) -> None:
        """Count what was delivered."""
        if isinstance(pending, PendingSweep):
            self.sweeps += 1
            return
        if isinstance(pending, PendingRun):
            self.records.add(pending.id)
        elif needed:
            self.unfinished.add(pending.run_id)
        self.delivered += needed
        self.present += not needed


def deliver(store: Store, outbox: Outbox, finish: Finish | None = None) -> Delivery:
    """Record what waits for this store and experiment, and remove each file after that.

    It may be interrupted at any moment and started again, even by two processes at once.

    Args:
        store: a server.
        outbox: where the results wait.
        finish: finishes a sweep; without it, ends of sweeps stay.

    Raises:
        ServerAwayError: the server does not answer; what is not delivered stays.
        StoreError: another process does not stop delivering.
    """
    done, kinds = Delivery(), [PendingFile, PendingRun, *([PendingSweep] if finish else [])]
    if not outbox.paths(*kinds):
        outbox.tidy()
        return done
    with outbox.delivering(*kinds) as paths:
        away = None
        for path in paths:
            try:
                pending = outbox.read(path)
                if not is_for(pending, store):
                    continue
                if away is not None and isinstance(pending, PendingSweep):
                    break  # a run of this sweep may be missing
                needed = _send(store, pending, finish)
            except FileNotFoundError:  # it was sent meanwhile
                continue
            except ServerAwayError as error:
                if away is not None or not answers_now(store.client):
                    raise
                away = error  # perhaps the server fails on this one alone
                continue
            except Exception as error:
                done.failures[path] = failure_reason(error)
                continue
            outbox.remove(path)
            done.add(pending, needed)
        if away is not None:
            raise away
    outbox.tidy()
    return done


def record_pending(store: Store, run: PendingRun, found: Sequence[Run] = ()) -> str:
    """Record a run, exactly once; returns its id.

    Args:
        store: where.
        run: what to record.
        found: runs that the server already has of this record, whole or not.
    """
    whole = _whole(run, found)
    kept = whole or (found[0] if found else create(store, run.record, run.skip_existing))
    if whole is None:
        complete(store, kept, run.record)
    for other in found:
        if other.info.run_id != kept.info.run_id:
            delete(store, other.info.run_id)
    return str(kept.info.run_id)


def remove_halves(store: Store, records: Collection[str]) -> None:
    """Delete runs that a repeated call created beside those of these records, which have ended."""
    if records:
        begun = [tag(RECORD_TAG), attribute("status", "is", RUNNING)]
        for run in list(search_all(store, begun)):  # at once, because deletions shift the pages
            if run.data.tags[RECORD_TAG] in records:
                delete(store, run.info.run_id)


def failure_reason(error: Exception) -> str:
    """Why something could not be delivered, in a line."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException

    first = str(error).strip().partition("\n")[0]
    if isinstance(error, StoreError):
        return first
    if (refused := refusal(error)) is not None:
        cause, answer, step = refused
        return f"{cause} ({answer}). {step}"
    if isinstance(error, MlflowException | RequestException):
        return f"the server refuses it: {first}"
    return f"{type(error).__name__}: {first}"


def _send(store: Store, pending: Pending, finish: Finish | None) -> bool:
    """Whether the server did not have it yet."""
    if isinstance(pending, PendingRun):
        return _send_run(store, pending)
    if isinstance(pending, PendingFile):
        return _send_file(store, pending)
    assert finish is not None  # noqa: S101  (without it no ends are read)
    # The sweep could not look for duplicates itself.
    without_duplicates_of(store, pending.run_id)
    finish(store, pending)
    return True


def _send_run(store: Store, run: PendingRun) -> bool:
    record, found = run.record, runs_of(store, run.id)
    whole = _whole(run, found)
    if whole is None and run.skip_existing and _is_finished(store, record.tags[KEY_TAG]):
        for half in found:
            delete(store, half.info.run_id)
        return False
    run_id = record_pending(store, run, found)
    # Also of a whole run: an earlier delivery may have been interrupted just before this.
    gone = without_duplicates(store, names_of([record])) if run.skip_existing else set()
    return whole is None and run_id not in gone


def _whole(run: PendingRun, found: Sequence[Run]) -> Run | None:
    return next((one for one in found if one.info.status == run.record.status), None)


def _is_finished(store: Store, key: str) -> bool:
    finished = [tag(KEY_TAG, "is", key), attribute("status", "is", FINISHED)]
    return any(search_all(store, finished))


def _send_file(store: Store, file: PendingFile) -> bool:
    run = store.client.get_run(file.run_id)
    if run.info.status == FINISHED:
        return False
    put_artifacts(store, file.run_id, run.info.artifact_uri, {file.file: file.data}, file.folder)
    return True
