"""The parent run of a sweep: opened, kept alive, and closed with its summary."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.system.clock import now
from xorlab.system.git import Provenance
from xorlab.system.program import typed_command
from xorlab.tracking.names import (
    COMMAND_TAG,
    FAILED,
    FINISHED,
    HEARTBEAT_TAG,
    IDENTITY_TAG,
    KILLED,
    NOTE_TAG,
    OWNER_TAG,
    RECORD_TAG,
    RUNNING,
    SWEEP_TAG,
)
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.search import runs_of
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.artifacts import put_files
from xorlab.tracking.store.conditions import attribute, tag
from xorlab.tracking.store.errors import check_there
from xorlab.tracking.store.owner import this_process
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.duplicates import delete, without_duplicates_of
from xorlab.tracking.write.heartbeat import has_process, living, run_is_alive
from xorlab.tracking.write.record import user_name

if TYPE_CHECKING:
    from mlflow.entities import Run

_LONGEST_PARAM = 500
_LONGEST_COMMAND = 4000  # characters; MLflow cuts or refuses tags beyond 8,000


@dataclass(frozen=True)
class SweepIdentity:
    """What makes two starts the same sweep, and how its parent run is recorded.

    Attributes:
        parts: the keys of its runs: the same sweep has the same parts.
        params: of the parent run: swept keys with their values.
        name: of the parent run.
        tag: under which the parent run keeps the identity.
    """

    parts: Sequence[str]
    params: Mapping[str, str]
    name: str
    tag: str = IDENTITY_TAG

    @property
    def digest(self) -> str:
        """A hash of the parts, whatever their order: 32 hexadecimal digits."""
        return hashlib.sha256("\n".join(sorted(set(self.parts))).encode()).hexdigest()[:32]


class Parent:
    """The open parent run of a sweep.

    Attributes:
        run_id: its id.
        name: its name.
        resumed: whether an earlier start of the same sweep created it.
        closed: whether its final status is recorded.
    """

    def __init__(self, store: Store, run_id: str, name: str, resumed: bool) -> None:
        self._store = store
        self.run_id = run_id
        self.name = name
        self.resumed = resumed
        self.closed = False

    def reopen(self, provenance: Provenance) -> None:
        """Set a run that had ended to RUNNING again."""
        for key, value in _signs_of_life(provenance).items():
            self._store.client.set_tag(self.run_id, key, value)
        self._store.client.update_run(self.run_id, status=RUNNING)
        self.closed = False

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Store further files with the run."""
        put_files(self._store, self.run_id, files)

    def describe(
        self, files: Mapping[str, bytes | Path], note: str, counts: Mapping[str, float]
    ) -> None:
        """Store the summary of the run, in place of an earlier one.

        Args:
            files: artifacts, by name: the content, or a file to copy.
            note: the description, as Markdown.
            counts: metrics.
        """
        describe(self._store, self.run_id, files, note)
        for name, value in counts.items():
            self._store.client.log_metric(self.run_id, name, value)

    def close(self, status: str) -> None:
        """End the run; as FINISHED only if its store is still the one that was opened."""
        if status == FINISHED:
            check_there(self._store)
        self._store.client.set_terminated(self.run_id, status)
        self.closed = True


def open_parent(
    store: Store,
    identity: SweepIdentity,
    provenance: Provenance,
    reuse: bool,
) -> Parent:
    """Open the parent run of a sweep, the earlier one if the same sweep was started before.

    Args:
        store: where.
        identity: of the sweep.
        provenance: code version and git state.
        reuse: whether an earlier parent run may be opened again.
    """
    client = store.client
    earlier = earlier_run(store, identity) if reuse else None
    if earlier is not None:
        parent = Parent(store, earlier.info.run_id, earlier.info.run_name, resumed=True)
        parent.reopen(provenance)
        return parent
    record = uuid.uuid4().hex
    tags = {
        **_signs_of_life(provenance),
        identity.tag: identity.digest,
        RECORD_TAG: record,
        "mlflow.user": user_name(),
        "mlflow.source.name": "xorlab",
        "mlflow.source.type": "LOCAL",
    }
    run = client.create_run(
        store.experiment_id, start_time=now(), tags=tags, run_name=identity.name
    )
    if is_server(store.uri):  # MLflow may have repeated the call
        for twin in runs_of(store, record):
            if twin.info.run_id != run.info.run_id:
                delete(store, twin.info.run_id)
    for key, value in identity.params.items():
        client.log_param(run.info.run_id, key, _short(value))
    return Parent(store, run.info.run_id, identity.name, resumed=False)


def _signs_of_life(provenance: Provenance) -> dict[str, str]:
    return {OWNER_TAG: this_process(), HEARTBEAT_TAG: str(now()), **start_tags(provenance)}


def start_tags(provenance: Provenance) -> dict[str, str]:
    """The tags of a parent run on how it was started, and from which code."""
    command = typed_command()
    if len(command) > _LONGEST_COMMAND:
        command = f"{command[: _LONGEST_COMMAND - 3]}..."
    return provenance.tags() | {COMMAND_TAG: command}


def describe(store: Store, run_id: str, files: Mapping[str, bytes | Path], note: str) -> None:
    """Store artifacts and the description of a parent run, in place of earlier ones."""
    put_files(store, run_id, files)
    store.client.set_tag(run_id, NOTE_TAG, note)


def close_abandoned(store: Store, tell: Callable[[str], None] = lambda _line: None) -> int:
    """Mark the runs that a killed process left RUNNING as KILLED.

    Also deletes runs that were created twice because a call to the server was repeated, and
    duplicates that a killed sweep recorded at the same moment as another one.

    Args:
        store: where they are.
        tell: prints a line before a wait.

    Returns:
        how many were marked.
    """
    running = list(search_all(store, [attribute("status", "is", RUNNING)]))
    owners = {run.info.run_id: run for run in running if has_process(run)}
    live = living(store, list(owners.values()), tell)
    dead = [run for run_id, run in owners.items() if run_id not in live]
    for run in running:
        sweep = run.data.tags.get(SWEEP_TAG)
        if sweep is not None and run.info.run_id not in owners and sweep not in live:
            dead.append(run)
    marked, seen = 0, set()
    for run in dead:
        record = run.data.tags.get(RECORD_TAG) if is_server(store.uri) else None
        if record is not None and (record in seen or _has_ended(store, record)):
            delete(store, run.info.run_id)
            continue
        seen.add(record)
        if SWEEP_TAG not in run.data.tags:
            without_duplicates_of(store, run.info.run_id)
        store.client.set_terminated(run.info.run_id, KILLED)
        marked += 1
    return marked


def _has_ended(store: Store, record: str) -> bool:
    """Whether another run of the same record is complete."""
    return any(run.info.status in (FINISHED, FAILED) for run in runs_of(store, record))


def earlier_run(store: Store, identity: SweepIdentity) -> Run | None:
    """The parent run of the last start of the same sweep that no longer runs."""
    same = [tag(identity.tag, "is", identity.digest)]
    for run in search_all(store, same, newest_first=True):
        ended = run.info.status in (FINISHED, FAILED, KILLED)
        if ended or (has_process(run) and run_is_alive(run) is False):
            return run
    return None


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_PARAM else value[: _LONGEST_PARAM - 3] + "..."
