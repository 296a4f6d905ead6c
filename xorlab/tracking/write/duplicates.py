"""The same run recorded twice at the same instant: one of them stays.

MLflow's client knows no transaction: two that look for a run, both find it missing and both record
it. So whoever has recorded looks once more, and of what is there now all but one is deleted: the
same one whoever looks, so that it does not matter how many do, when, or whether one was killed on
the way. Only runs that were to be recorded once give way; those of `tracking.existing=rerun` and
those that were recorded in bulk, where a transaction saw to it, stay.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from xorlab.tracking.names import FINISHED, KEY_TAG, ONCE_TAG, SWEEP_TAG
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.search import finished_runs
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
        sweep: that has recorded each of them once; None where nobody knows.

    Returns:
        ids of the runs that gave way.
    """
    if sweep is not None:
        others = {run.data.tags[KEY_TAG] for run in finished_runs(store, names, but=sweep)}
        names = {key: name for key, name in names.items() if key in others}
    found: dict[str, list[Run]] = {}
    for run in finished_runs(store, names):
        found.setdefault(run.data.tags[KEY_TAG], []).append(run)
    gone = {
        run.info.run_id
        for runs in found.values()
        for run in sorted(runs, key=_order)[1:]
        if ONCE_TAG in run.data.tags
    }
    for run_id in sorted(gone):
        delete(store, run_id)
    return gone


def without_duplicates_of(store: Store, sweep: str) -> set[str]:
    """The same for all that a sweep has recorded, which may not have come to look itself."""
    ended = f"tags.`{SWEEP_TAG}` = '{sweep}' AND attributes.status = '{FINISHED}'"
    skip_existing = search_all(store, f"{ended} AND tags.`{ONCE_TAG}` LIKE '%'")
    return without_duplicates(
        store, {run.data.tags[KEY_TAG]: run.info.run_name for run in skip_existing}
    )


def delete(store: Store, run_id: str) -> None:
    """Delete a run, which may be deleted already."""
    from mlflow.exceptions import MlflowException

    with contextlib.suppress(MlflowException):
        store.client.delete_run(run_id)


def _order(run: Run) -> tuple[str, str]:
    """What gives way comes after what does not, and the younger after the older."""
    return run.data.tags.get(ONCE_TAG, ""), run.info.run_id
