"""The parent run of a sweep: opened, kept alive, and closed with its summary."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from xorlab.provenance import Provenance
from xorlab.tracking.owner import HEARTBEAT_TAG, OWNER_TAG, is_alive, this_process
from xorlab.tracking.pages import search_all
from xorlab.tracking.record import FAILED, FINISHED, KILLED, NOTE_TAG, RUNNING, SWEEP_TAG, user_name
from xorlab.tracking.recorder import now, put_artifacts
from xorlab.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

IDENTITY_TAG = "xorlab.sweep_key"
_BEAT = 15_000  # milliseconds between signs of life
_LONGEST_PARAM = 500


@dataclass(frozen=True)
class Summary:
    """What a sweep leaves with its parent run."""

    counts: dict[str, float]
    markdown: str
    runs: pd.DataFrame
    curves: pd.DataFrame
    figures: dict[str, bytes]


class Parent:
    """The open parent run of a sweep.

    Attributes:
        run_id: its id.
        resumed: whether an earlier, broken-off start of the same sweep had made it.
    """

    def __init__(self, store: Store, run_id: str, resumed: bool) -> None:
        self._store = store
        self.run_id = run_id
        self.resumed = resumed
        self._beat = now()

    def beat(self) -> None:
        """Say now and then that the sweep is alive."""
        if now() - self._beat > _BEAT:
            self._beat = now()
            self._store.client.set_tag(self.run_id, HEARTBEAT_TAG, str(self._beat))

    def close(self, status: str, summary: Summary | None = None) -> None:
        """End the run; what the summary holds is there before the status says FINISHED."""
        client = self._store.client
        if summary is not None:
            uri = client.get_run(self.run_id).info.artifact_uri
            files = {
                "runs.parquet": _parquet(summary.runs),
                "curves.parquet": _parquet(summary.curves),
                **summary.figures,
            }
            put_artifacts(self._store, self.run_id, uri, files)
            for name, value in summary.counts.items():
                client.log_metric(self.run_id, name, value)
            client.set_tag(self.run_id, NOTE_TAG, summary.markdown)
        client.set_terminated(self.run_id, status)


def open_parent(
    store: Store,
    keys: Sequence[str],
    axes: dict[str, str],
    name: str,
    provenance: Provenance,
    reuse: bool,
) -> Parent:
    """Open the parent run of a sweep, the earlier one if the same sweep was started before.

    Args:
        store: where.
        keys: keys of all the sweep's runs: what makes it the same sweep.
        axes: swept keys with their values, recorded as params.
        name: of the run.
        provenance: code version and git state.
        reuse: whether an earlier parent may be opened again.
    """
    client = store.client
    identity = hashlib.sha256("\n".join(sorted(set(keys))).encode()).hexdigest()[:32]
    alive = {
        OWNER_TAG: this_process(),
        HEARTBEAT_TAG: str(now()),
        **provenance.tags(),
    }
    earlier = _earlier(store, identity) if reuse else None
    if earlier is not None:
        for key, value in alive.items():
            client.set_tag(earlier.info.run_id, key, value)
        client.update_run(earlier.info.run_id, status=RUNNING)
        return Parent(store, earlier.info.run_id, resumed=True)
    tags = {
        **alive,
        IDENTITY_TAG: identity,
        "mlflow.user": user_name(),
        "mlflow.source.name": "xorlab",
        "mlflow.source.type": "LOCAL",
    }
    run = client.create_run(store.experiment_id, start_time=now(), tags=tags, run_name=name)
    for key, value in axes.items():
        client.log_param(run.info.run_id, key, _short(value))
    return Parent(store, run.info.run_id, resumed=False)


def mend(store: Store) -> int:
    """Mark runs that a killed process left RUNNING; leave those of a live one alone.

    Returns:
        how many were marked.
    """
    running = list(search_all(store, f"attributes.status = '{RUNNING}'"))
    owners = {run.info.run_id: run for run in running if OWNER_TAG in run.data.tags}
    live = {run_id for run_id, run in owners.items() if _is_alive(run)}
    dead = [run_id for run_id in owners if run_id not in live]
    for run in running:
        sweep = run.data.tags.get(SWEEP_TAG)
        if sweep is not None and run.info.run_id not in owners and sweep not in live:
            dead.append(run.info.run_id)
    for run_id in dead:
        store.client.set_terminated(run_id, KILLED)
    return len(dead)


def _is_alive(run: Run) -> bool:
    heartbeat = int(run.data.tags.get(HEARTBEAT_TAG, run.info.start_time))
    return is_alive(run.data.tags[OWNER_TAG], heartbeat, now())


def _earlier(store: Store, identity: str) -> Run | None:
    for run in search_all(store, f"tags.`{IDENTITY_TAG}` = '{identity}'", newest_first=True):
        if run.info.status in (FINISHED, FAILED, KILLED) or not _is_alive(run):
            return run
    return None


def _parquet(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.to_parquet(file, index=False, engine="pyarrow")
    return file.getvalue()


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_PARAM else value[: _LONGEST_PARAM - 3] + "..."
