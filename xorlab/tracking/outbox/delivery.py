"""Runs from the outbox to their server, each exactly once.

A call that a connection cut short may have done its work all the same, and MLflow repeats such
calls. So every record has an id of its own, which its run carries as a tag: what the server has of
it is looked up, and completed or removed, before anything is made anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.errors import StoreError
from xorlab.tracking.names import FINISHED, KEY_TAG, RECORD_TAG, RUNNING
from xorlab.tracking.outbox.folder import Outbox, is_for
from xorlab.tracking.outbox.pending import DamagedError, PendingFile, PendingRun, PendingSweep
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.search import runs_of
from xorlab.tracking.store.artifacts import put_artifacts
from xorlab.tracking.store.server import ServerAwayError, answers_now
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.client_recorder import complete, create, names_of
from xorlab.tracking.write.duplicates import delete, without_duplicates, without_duplicates_of

if TYPE_CHECKING:
    pass


@dataclass
class Delivery:
    """What became of the files of an outbox.

    Attributes:
        delivered: runs that were recorded, and files that were added to runs under way.
        present: those that turned out to be needless.
        records: ids of the runs' records.
        unfinished: ids of runs that got files, and are to be gone on with.
        troubles: files that stay where they are, with the reason.
    """

    delivered: int = 0
    present: int = 0
    records: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    troubles: dict[Path, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The troubles, for people."""
        return [f"{path} is left alone: {why}" for path, why in self.troubles.items()]


def deliver(store: Store, outbox: Outbox) -> Delivery:
    """Record what waits for this store and experiment, and remove each file after that.

    It may be broken off anywhere, and begun anywhere else, even twice at once.

    Raises:
        ServerAwayError: the server does not answer; what is left stays.
        StoreError: another process does not stop delivering.
    """
    done, away = Delivery(), None
    if not (outbox.runs() or outbox.files() or outbox.sweeps()):
        return done
    with outbox.locked():
        for path in (*outbox.files(), *outbox.runs()):
            try:
                kept = outbox.read(path)
                if isinstance(kept, PendingSweep) or not is_for(kept, store):
                    continue
                made = _add(store, kept) if isinstance(kept, PendingFile) else _deliver(store, kept)
            except ServerAwayError as error:
                if away is not None or not answers_now(store.client):
                    raise
                away = error  # or it is this one run that the server cannot take
                continue
            except Exception as error:
                done.troubles[path] = trouble_of(error)
                continue
            outbox.remove(kept)
            if isinstance(kept, PendingRun):
                done.records.add(kept.id)
            elif made:
                done.unfinished.add(kept.run_id)
            done.delivered += made
            done.present += not made
        if away is not None:
            raise away
        _look_over(store, outbox)
    return done


def remove_halves(store: Store, records: Collection[str]) -> None:
    """Delete runs that a repeated call made beside those of these records, which have ended."""
    if records:
        begun = f"tags.`{RECORD_TAG}` LIKE '%' AND status = '{RUNNING}'"
        for run in list(search_all(store, begun)):  # whole, for what is deleted moves the pages
            if run.data.tags[RECORD_TAG] in records:
                delete(store, run.info.run_id)


def trouble_of(error: Exception) -> str:
    """Why a run or a file stays where it is."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException

    first = str(error).strip().partition("\n")[0]
    if isinstance(error, StoreError):
        return first
    if isinstance(error, MlflowException | RequestException):
        return f"the server refuses it: {first}"
    return f"{type(error).__name__}: {first}"


def _deliver(store: Store, kept: PendingRun) -> bool:
    """Whether the run had to be recorded."""
    record, found = kept.record, runs_of(store, kept.id)
    whole = [run.info.run_id for run in found if run.info.status == record.status]
    halves = [run for run in found if run.info.run_id not in whole[:1]]
    if not whole and not (kept.skip_existing and _is_finished(store, record.tags[KEY_TAG])):
        half, halves = (halves[0], halves[1:]) if halves else (None, [])
        run = half or create(store, record, kept.skip_existing)
        complete(store, run, record)
        whole, made = [run.info.run_id], True
    else:
        made = False
    for half in halves:
        delete(store, half.info.run_id)
    # Also where an earlier delivery was broken off between the two.
    gone = without_duplicates(store, names_of([record])) if kept.skip_existing and whole else set()
    return made and gone.isdisjoint(whole)


def _add(store: Store, kept: PendingFile) -> bool:
    """Whether its run has not been finished without it."""
    run = store.client.get_run(kept.run_id)
    if run.info.status == FINISHED:
        return False
    uri = run.info.artifact_uri
    put_artifacts(store, kept.run_id, uri, {kept.file: kept.data}, kept.folder)
    return True


def _look_over(store: Store, outbox: Outbox) -> None:
    """What sweeps had recorded when the server went away they could not look over."""
    for path in outbox.sweeps():
        with contextlib.suppress(DamagedError):
            ending = outbox.sweep(path)
            if is_for(ending, store):
                without_duplicates_of(store, ending.run_id)


def _is_finished(store: Store, key: str) -> bool:
    ours = f"tags.`{KEY_TAG}` = '{key}' AND attributes.status = '{FINISHED}'"
    return any(search_all(store, ours))
