"""Recording on a server that may be unreachable: whatever it gets is in the outbox first."""

from __future__ import annotations

import contextlib
import shlex
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from xorlab.analysis.counts import counted
from xorlab.errors import StoreError
from xorlab.system.credentials import HIDDEN
from xorlab.tracking.names import KEY_TAG, RECORD_TAG
from xorlab.tracking.outbox.delivery import (
    Delivery,
    deliver,
    failure_reason,
    record_pending,
    remove_halves,
)
from xorlab.tracking.outbox.folder import Outbox, address_key, is_for
from xorlab.tracking.outbox.pending import DamagedError, PendingRun
from xorlab.tracking.store.server import ServerAwayError, answers_by_now, answers_now
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.client_recorder import finished_keys, names_of, sweep_of
from xorlab.tracking.write.duplicates import without_duplicates
from xorlab.tracking.write.record import Record


class OutboxRecorder:
    """Writes runs to the outbox, and sends them from there at once if the server answers.

    Args:
        store: a server.
        outbox: where runs wait.
        tell: prints a line; once when the server stops answering, and when results that waited
            are delivered.
    """

    def __init__(self, store: Store, outbox: Outbox, tell: Callable[[str], None]) -> None:
        self._store = store
        self._outbox = outbox
        self._tell = tell
        self._command = _command(store, outbox)
        self._announced = False  # that the server does not answer
        self._waits = False  # whether runs of this recorder wait in the outbox
        self.superseded: set[str] = set()
        self._records: set[str] = set()  # ids
        self._unchecked: dict[str, str] = {}  # for duplicates: names by key
        self._sweep: str | None = None  # that they belong to

    def record(self, records: Sequence[Record], skip_existing: bool) -> list[str | None]:
        """Record runs, now or later; see `xorlab.tracking.write.client_recorder.Recorder`.

        Raises:
            StoreError: the server refuses a run, or does not answer while the outbox cannot be
                written; what the server does not have stays in the outbox.
        """
        runs = [self._pending(record, skip_existing) for record in records]
        self._records |= {run.id for run in runs}
        run_ids: list[str | None] = []
        try:
            with self._outbox.sending(runs) as paths:
                self._send(runs, paths, skip_existing, run_ids)
        except ServerAwayError as error:
            self._announce(error)
        finally:  # also of what was recorded before an error
            with contextlib.suppress(ServerAwayError):  # they are looked for later
                self._check_duplicates()
        recorded = [None if run_id in self.superseded else run_id for run_id in run_ids]
        return recorded + [None] * (len(runs) - len(recorded))

    def flush(self) -> str | None:
        """Deliver what waits, and remove what repeated calls have left."""
        answers_now(self._store.client)
        try:
            done = self._deliver()
            remove_halves(self._store, self._records | done.records)
            self._check_duplicates()
        except ServerAwayError as error:
            return not_delivered(error, self._store, self._outbox)
        # Other sweeps' files that cannot be delivered do not concern this one.
        own = [
            f"{path}: {reason}"
            for path, reason in done.failures.items()
            if self._outbox.id_of(path) in self._records
        ]
        return f"{'; '.join(own)}. Once that is mended: {self._command}" if own else None

    def _send(
        self,
        runs: Sequence[PendingRun],
        paths: Sequence[Path],
        skip_existing: bool,
        run_ids: list[str | None],
    ) -> None:
        """Send new runs, of which the server cannot have anything yet; their ids are appended."""
        store, records = self._store, [run.record for run in runs]
        try:
            if self._waits and answers_by_now(store.client):
                self._deliver()
            finished = finished_keys(store, records) if skip_existing else set()
            self._unchecked |= names_of(records) if skip_existing else {}
            self._sweep = sweep_of(records)
            for run, path in zip(runs, paths, strict=True):
                superfluous = run.record.tags[KEY_TAG] in finished
                run_ids.append(None if superfluous else record_pending(store, run))
                self._outbox.remove(path)
        except ServerAwayError:
            self._waits = True
            raise
        except Exception as error:
            self._waits = True
            run, path = runs[len(run_ids)], paths[len(run_ids)]
            where = f"; the results are kept in {path.parent}. Once the cause is mended: "
            raise StoreError(
                f"{address_key(store.uri)}, run {run.record.name!r}: {failure_reason(error)}"
                f"{where + self._command if path.exists() else ''}"
            ) from error

    def _check_duplicates(self) -> None:
        self.superseded |= without_duplicates(self._store, self._unchecked, self._sweep)
        self._unchecked.clear()

    def _deliver(self) -> Delivery:
        """Deliver what waits, of this and of earlier sweeps."""
        done = deliver(self._store, self._outbox)
        self._waits = bool(done.failures)
        self._records |= done.records
        arrived = done.delivered + done.present
        if arrived:
            self._tell(
                f"the tracking server answers again: {results(arrived)} delivered from "
                f"{self._outbox.folder}"
            )
        return done

    def _pending(self, record: Record, skip_existing: bool) -> PendingRun:
        """The file of a run, with an id that stays the same however often it is sent."""
        record = replace(record, tags=record.tags | {RECORD_TAG: uuid.uuid4().hex})
        store, experiment = address_key(self._store.uri), self._store.experiment
        return PendingRun(record.tags[RECORD_TAG], store, experiment, skip_existing, record)

    def _announce(self, error: ServerAwayError) -> None:
        if not self._announced:
            self._announced = True
            self._tell(
                f"the tracking server {error.address} does not answer ({error.reason}). Training "
                f"goes on; results wait in {self._outbox.folder} and are delivered when it "
                f"answers again, or by: {self._command}"
            )


def not_delivered(error: ServerAwayError, store: Store, outbox: Outbox) -> str:
    """What a server that does not answer has not received, and what to do."""
    count = sum(_waits_for(outbox, path, store) for path in outbox.paths(PendingRun))
    what = f"{results(count)} {'are' if count > 1 else 'is'} safe in {outbox.folder}, not delivered"
    if not count:
        what = "all runs are recorded, the summary of the sweep is not"
    return (
        f"the tracking server {error.address} does not answer ({error.reason}): {what}; when it "
        f"answers again: {_command(store, outbox)}"
    )


def results(count: int) -> str:
    """A number of results, in words."""
    return counted(count, "result")


def _waits_for(outbox: Outbox, path: Path, store: Store) -> bool:
    with contextlib.suppress(DamagedError, FileNotFoundError):
        return is_for(outbox.read(path), store)
    return False


def _command(store: Store, outbox: Outbox) -> str:
    address = " --uri ADDRESS" if HIDDEN in address_key(store.uri) else ""
    return f"xorlab-outbox --folder {shlex.quote(str(outbox.folder))}{address}"
