"""Finding a recorded sweep again, by its id, the beginning of it, or its age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xorlab.errors import StoreError
from xorlab.tracking.names import IDENTITY_TAG
from xorlab.tracking.read.by_name import LATEST, named_run
from xorlab.tracking.read.pages import search_all
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
        seconds: that it took; None where it does not say.
        skipped: runs that were finished before.
    """

    run_id: str
    name: str
    status: str
    experiment_id: str
    tags: Mapping[str, str]
    seconds: float | None
    skipped: int


def find_sweep(store: Store, named: str, everywhere: bool = False) -> Sweep:
    """The sweep that a name means.

    Args:
        store: where it is recorded.
        named: run id of the parent run, the beginning of one, or ``latest``.
        everywhere: in whichever experiment; ``latest`` is always one of the store's own.

    Raises:
        StoreError: there is no sweep.
        UsageError: no sweep of that name, or several.
    """
    found = (
        _latest(store)
        if named == LATEST
        else named_run(store, named, "sweep", IDENTITY_TAG, everywhere)
    )
    return Sweep(
        run_id=found.info.run_id,
        name=found.info.run_name or "",
        status=found.info.status,
        experiment_id=found.info.experiment_id,
        tags=found.data.tags,
        seconds=found.data.metrics.get("seconds"),
        skipped=int(found.data.metrics.get("skipped", 0)),
    )


def _latest(store: Store) -> Run:
    for run in search_all(store, f"tags.`{IDENTITY_TAG}` LIKE '%'", newest_first=True):
        return run
    raise StoreError(f"there is no sweep in experiment {store.experiment!r}")
