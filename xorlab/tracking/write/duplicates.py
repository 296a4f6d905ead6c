"""The same run recorded twice at the same moment: one of the two stays.

MLflow's client has no transactions: two processes that look for a run both find it missing, and
both record it. So each process searches again after it has recorded, and deletes all but one of
the runs of a key. Every process keeps the same one, so it does not matter how many search, when,
or whether one was killed on the way. Only runs with the tag `ONCE_TAG` are deleted: those of
`tracking.existing=rerun`, and those of the bulk recorder, which uses a transaction, stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from xorlab.tracking.names import FINISHED, KEY_TAG, ONCE_TAG, SWEEP_TAG
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.search import finished_runs
from xorlab.tracking.store.conditions import attribute, tag
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run


def without_duplicates(
    store: Store, names: Mapping[str, str], sweep: str | None = None
) -> set[str]:
    """Delete all but one of the finished runs of each key.

    Args:
        store: where they are.
        names: of the runs, by key.
        sweep: that has recorded each of them once; None where that is unknown.

    Returns:
        ids of the runs that were deleted.
    """
    if sweep is not None:
        others = {run.data.tags[KEY_TAG] for run in finished_runs(store, names, but=sweep)}
        names = {key: name for key, name in names.items() if key in others}
    found: dict[str, list[Run]] = {}
    for run in finished_runs(store, names):
        found.setdefault(run.data.tags[KEY_TAG], []).append(run)
    deleted = {
        run.info.run_id
        for runs in found.values()
        for run in sorted(runs, key=_order)[1:]
        if ONCE_TAG in run.data.tags
    }
    for run_id in sorted(deleted):
        delete(store, run_id)
    return deleted


def without_duplicates_of(store: Store, sweep: str) -> set[str]:
    """The same for all runs of a sweep, which may have been killed before it searched itself."""
    ended = [tag(SWEEP_TAG, "is", sweep), attribute("status", "is", FINISHED)]
    recorded_once = search_all(store, [*ended, tag(ONCE_TAG)])
    return without_duplicates(
        store, {run.data.tags[KEY_TAG]: run.info.run_name for run in recorded_once}
    )


def delete(store: Store, run_id: str) -> None:
    """Delete a run, which may be deleted already."""
    try:
        store.client.delete_run(run_id)
    except mlflow_errors():
        return


def _order(run: Run) -> tuple[str, str]:
    """Runs that may be deleted come after those that may not, and younger after older ones."""
    return run.data.tags.get(ONCE_TAG, ""), run.info.run_id
