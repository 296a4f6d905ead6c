"""Finding a recorded sweep by its id, the beginning of it, or as the latest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xorlab.config.launcher_keys import CONFIDENCE_PARAM
from xorlab.errors import StoreError
from xorlab.tracking.names import IDENTITY_TAG, LATEST
from xorlab.tracking.read.by_name import run_by_name
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.store.conditions import tag
from xorlab.tracking.store.errors import store_errors
from xorlab.tracking.store.owner import last_heartbeat
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass(frozen=True)
class Sweep:
    """The parent run of a sweep.

    Attributes:
        run_id, name, status: of the run.
        experiment_id: that it belongs to.
        tags: of the run.
        seconds: that it took; None if unknown.
        skipped: number of its runs that were finished before.
        started: when, in milliseconds since 1970; None if unknown.
        sequential: confidence of the intervals by which it added seeds; None for fixed seeds.
    """

    run_id: str
    name: str
    status: str
    experiment_id: str
    tags: Mapping[str, str]
    seconds: float | None
    skipped: int
    started: int | None = None
    sequential: float | None = None


def find_sweep(store: Store, name: str, everywhere: bool = False) -> Sweep:
    """The sweep with an id.

    Args:
        store: where it is recorded.
        name: run id of the parent run, the beginning of one, or ``latest``.
        everywhere: in all experiments, not only in the store's own.

    Raises:
        StoreError: ``latest``, and there is no sweep.
        UsageError: no such sweep, or several.
    """
    if name != LATEST:
        found = run_by_name(store, name, "sweep", IDENTITY_TAG, everywhere)
    else:
        found = _latest(store, everywhere)
    return Sweep(
        run_id=found.info.run_id,
        name=found.info.run_name or "",
        status=found.info.status,
        experiment_id=found.info.experiment_id,
        tags=found.data.tags,
        seconds=found.data.metrics.get("seconds"),
        skipped=int(found.data.metrics.get("skipped", 0)),
        started=found.info.start_time,
        sequential=sequential_confidence(found.data.params),
    )


def swept_keys(store: Store, run_id: str | None) -> Collection[str]:
    """The keys that a sweep varies, as its parent run has them.

    Args:
        store: where it is recorded.
        run_id: of the parent run; None for no sweep.

    Returns:
        none where its server does not answer.
    """
    if run_id is None:
        return ()
    try:
        return store.client.get_run(run_id).data.params.keys()
    except store_errors(ServerAwayError):
        return ()


def sequential_confidence(params: Mapping[str, str]) -> float | None:
    """The confidence with which a sweep added seeds, from its own params; None for fixed seeds."""
    try:
        return float(params[CONFIDENCE_PARAM])
    except (KeyError, ValueError):  # the latter: values of a trainer's own key with this name
        return None


def _latest(store: Store, everywhere: bool) -> Run:
    """The sweep that was started last: for the first time, or again."""
    runs = search_all(store, [tag(IDENTITY_TAG)], everywhere=everywhere)
    found = max(runs, key=_last_sign_of_life, default=None)
    if found is None:
        where = "this store" if everywhere else f"experiment {store.experiment!r}"
        raise StoreError(f"there is no sweep in {where}")
    return found


def _last_sign_of_life(run: Run) -> int:
    """When its process last recorded one, in milliseconds since 1970."""
    return last_heartbeat(run.data.tags, run.info.start_time)
