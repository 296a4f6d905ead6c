"""Finding a recorded sweep again, by its id, the beginning of it, or its age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xorlab.errors import StoreError, UsageError
from xorlab.tracking.pages import search_all
from xorlab.tracking.parent import IDENTITY_TAG
from xorlab.tracking.store import Store

LATEST = "latest"


@dataclass(frozen=True)
class Sweep:
    """The parent run of a sweep.

    Attributes:
        run_id, name, status: of the run.
        tags: of the run.
        seconds: that it took; None where it does not say.
        skipped: runs that were finished before.
    """

    run_id: str
    name: str
    status: str
    tags: Mapping[str, str]
    seconds: float | None
    skipped: int


def find_sweep(store: Store, named: str) -> Sweep:
    """The sweep of the store's experiment that a name means.

    Args:
        store: where it is recorded.
        named: run id of the parent run, the beginning of one, or ``latest``.

    Raises:
        StoreError: there is no sweep.
        UsageError: no sweep of that name, or several.
    """
    runs = list(search_all(store, f"tags.`{IDENTITY_TAG}` LIKE '%'", newest_first=True))
    if not runs:
        raise StoreError(f"there is no sweep in experiment {store.experiment!r}")
    if named != LATEST:
        runs = [run for run in runs if run.info.run_id.startswith(named)]
    if not runs:
        raise UsageError(
            f"{named}: no sweep of experiment {store.experiment!r} has an id that begins so; "
            f"{LATEST} means the last one"
        )
    if named != LATEST and len(runs) > 1:
        ids = ", ".join(run.info.run_id for run in runs[:5])
        raise UsageError(f"{named}: {len(runs)} sweeps have an id that begins so: {ids}")
    found = runs[0]
    return Sweep(
        run_id=found.info.run_id,
        name=found.info.run_name or "",
        status=found.info.status,
        tags=found.data.tags,
        seconds=found.data.metrics.get("seconds"),
        skipped=int(found.data.metrics.get("skipped", 0)),
    )
