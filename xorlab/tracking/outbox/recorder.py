"""Recording on a server that may go away: what it cannot take waits in the outbox."""

from __future__ import annotations

import contextlib
import shlex
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from xorlab.errors import StoreError
from xorlab.system.credentials import HIDDEN
from xorlab.tracking.names import KEY_TAG, RECORD_TAG
from xorlab.tracking.outbox.delivery import Delivery, deliver, remove_halves, trouble_of
from xorlab.tracking.outbox.folder import Outbox, is_for, place
from xorlab.tracking.outbox.pending import DamagedError, PendingRun
from xorlab.tracking.store.server import ServerAwayError, answers_by_now, answers_now
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.client_recorder import finished_keys, names_of, record_run, sweep_of
from xorlab.tracking.write.duplicates import without_duplicates
from xorlab.tracking.write.record import Record


class OutboxRecorder:
    """Records on a server, or into the outbox while the server is away.

    Args:
        store: whose address is that of a server.
        outbox: where runs wait.
        tell: prints a line; once when the server goes away, once when what waited is delivered.
    """

    def __init__(self, store: Store, outbox: Outbox, tell: Callable[[str], None]) -> None:
        self._store = store
        self._outbox = outbox
        self._tell = tell
        self._command = _command(store, outbox)
        self._told = False
        self._waits = False
        self.superseded: set[str] = set()
        self._sent: set[str] = set()
        self._kept: set[str] = set()
        self._unchecked: dict[str, str] = {}  # for duplicates: names by key
        self._sweep: str | None = None  # that they are of

    def record(self, records: Sequence[Record], skip_existing: bool) -> list[str | None]:
        """Record runs, or keep them; see `xorlab.tracking.write.client_recorder.Recorder`.

        Raises:
            StoreError: the server refuses a run, or nothing can be kept; what the server has not
                taken is kept where that is possible.
        """
        marked = [_marked(record) for record in records]
        identifiers: list[str | None] = []
        try:
            if answers_by_now(self._store.client):
                self._bring()
            present = finished_keys(self._store, records) if skip_existing else set()
            self._unchecked |= names_of(records) if skip_existing else {}
            self._sweep = sweep_of(records)
            for record in marked:
                there = record.tags[KEY_TAG] in present
                identifiers.append(
                    None if there else record_run(self._store, record, skip_existing)
                )
                self._sent.add(record.tags[RECORD_TAG])
        except ServerAwayError as error:
            self._keep(marked[len(identifiers) :], skip_existing)
            self._tell_away(error)
        except Exception as error:
            left = marked[len(identifiers) :]
            self._keep(left, skip_existing)
            raise StoreError(
                f"{place(self._store.uri)}, run {left[0].name!r}: {trouble_of(error)}; the results "
                f"are kept in {self._outbox.folder}. Once the cause is mended: {self._command}"
            ) from error
        finally:  # of what is recorded when something breaks off, too
            self._checked()
        gone = self.superseded
        recorded = [None if identifier in gone else identifier for identifier in identifiers]
        return recorded + [None] * (len(marked) - len(recorded))

    def flush(self) -> str | None:
        """Deliver what waits, and remove what repeated calls have left."""
        answers_now(self._store.client)
        self._waits = True  # it may be another process that kept something
        try:
            done = self._bring()
            remove_halves(self._store, self._sent)
            self.superseded |= without_duplicates(self._store, self._unchecked, self._sweep)
        except ServerAwayError as error:
            return not_delivered(error, self._store, self._outbox)
        # Others' files that cannot be delivered are no trouble of this sweep's.
        own = {
            path: why
            for path, why in done.troubles.items()
            if self._outbox.id_of(path) in self._kept
        }
        if own:
            told = "; ".join(f"{path}: {why}" for path, why in own.items())
            return f"{told}. Once that is mended: {self._command}"
        return None

    def _checked(self) -> None:
        """Look for duplicates; while the server is away, later."""
        with contextlib.suppress(ServerAwayError):
            self.superseded |= without_duplicates(self._store, self._unchecked, self._sweep)
            self._unchecked.clear()

    def _bring(self) -> Delivery:
        done = deliver(self._store, self._outbox) if self._waits else Delivery()
        self._waits = bool(done.troubles)
        self._sent |= done.records
        arrived = done.delivered + done.present
        if arrived:
            self._tell(
                f"the tracking server answers again: {results(arrived)} delivered from "
                f"{self._outbox.folder}"
            )
        return done

    def _keep(self, records: Sequence[Record], skip_existing: bool) -> None:
        for record in records:
            kept = PendingRun(
                record.tags[RECORD_TAG],
                place(self._store.uri),
                self._store.experiment,
                skip_existing,
                record,
            )
            self._outbox.keep(kept)
            self._kept.add(kept.id)
            self._waits = True

    def _tell_away(self, error: ServerAwayError) -> None:
        if self._waits and not self._told:
            self._told = True
            self._tell(
                f"the tracking server {error.address} does not answer ({error.reason}). Training "
                f"goes on; results wait in {self._outbox.folder} and are delivered when it "
                f"answers again, or by: {self._command}"
            )


def not_delivered(error: ServerAwayError, store: Store, outbox: Outbox) -> str:
    """What a server that is away has not taken, and what to do."""
    count = len([path for path in outbox.runs() if _waits_for(outbox, path, store)])
    what = f"{results(count)} {'are' if count > 1 else 'is'} safe in {outbox.folder}, not delivered"
    if not count:
        what = "all runs are recorded, the summary of the sweep is not"
    return (
        f"the tracking server {error.address} does not answer ({error.reason}): {what}; when it "
        f"answers again: {_command(store, outbox)}"
    )


def _waits_for(outbox: Outbox, path: Path, store: Store) -> bool:
    with contextlib.suppress(DamagedError):
        return is_for(outbox.run(path), store)
    return False


def results(count: int) -> str:
    """So many, in words."""
    return f"{count} result{'' if count == 1 else 's'}"


def _command(store: Store, outbox: Outbox) -> str:
    address = " --uri ADDRESS" if HIDDEN in place(store.uri) else ""
    return f"xorlab-outbox --folder {shlex.quote(str(outbox.folder))}{address}"


def _marked(record: Record) -> Record:
    """With an id of its own, the same however often it is sent."""
    return replace(record, tags=record.tags | {RECORD_TAG: uuid.uuid4().hex})
