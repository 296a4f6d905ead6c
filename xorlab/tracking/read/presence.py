"""Whether what was recorded is still there: the experiment, its runs, and their files."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.tracking.store.address import public_address
from xorlab.tracking.store.artifacts import has_files, local_folder
from xorlab.tracking.store.database import rows_in
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.opening import restore_command
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Experiment

_PLACES = "SELECT run_uuid, artifact_uri FROM runs WHERE lifecycle_stage = 'active' AND run_uuid IN"

_AT_ONCE = 5000  # runs whose addresses are in memory together


def runs_without_files(store: Store, run_ids: Sequence[str]) -> set[str]:
    """Which of these runs have lost the files on this machine's disk that they were recorded with.

    A folder of artifacts may have been removed, or a disk may not have kept what it was given.
    Files on a server are not looked at: that takes a call for each run.
    """
    lost: set[str] = set()
    # Runs of one experiment are beside one another: their common address is read once.
    folders: dict[str, Path | None] = {}
    for run, place in _all_places(store, run_ids):
        head, _, tail = place.partition(f"{run}/")
        if head not in folders:
            folders[head] = local_folder(head)
        folder = folders[head]
        if folder is not None and not has_files(folder / run / tail if tail else folder):
            lost.add(run)
    return lost


def _all_places(store: Store, run_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """As `_places`, of some runs at a time: an address is longer than all else of a run."""
    for start in range(0, len(run_ids), _AT_ONCE):
        yield from _places(store, run_ids[start : start + _AT_ONCE]).items()


def _places(store: Store, run_ids: Sequence[str]) -> dict[str, str]:
    """The addresses of the files of those of these runs that a database has, not deleted."""
    if not store.has_sql:
        return {}
    with store.database.reading() as transaction:
        return dict(rows_in(transaction, _PLACES, run_ids))


def what_is_missing(store: Store, parent: str | None, run_ids: Sequence[str]) -> str | None:
    """What others have removed of a sweep while it ran, and what to do; None if all is there.

    Args:
        store: where it was recorded.
        parent: id of the sweep's own run; None before it is made.
        run_ids: of its runs.

    Returns:
        the text; None also where a server does not answer: it has said that it has all.
    """
    try:
        return _missing(store, parent, run_ids)
    except ServerAwayError:
        return None


def _missing(store: Store, parent: str | None, run_ids: Sequence[str]) -> str | None:
    experiment = _experiment(store)
    if experiment is None:
        return (
            f"experiment {store.experiment!r} was removed for good while the sweep ran, as "
            "`mlflow gc` does; the same command makes it again, and trains its runs"
        )
    if experiment.lifecycle_stage != "active":
        return (
            f"experiment {store.experiment!r} was deleted while the sweep ran; restore it with "
            f"{restore_command(store.uri, store.experiment_id)}"
        )
    again = "the same command with tracking.existing=retry trains them again"
    if store.has_sql:
        if parent is not None and not _places(store, [parent]):
            where = shlex.quote(public_address(store.uri))
            return (
                f"the sweep's own run {parent} was deleted while the sweep ran; restore it with "
                f"`MLFLOW_TRACKING_URI={where} mlflow runs restore --run-id {parent}`"
            )
        gone = set(run_ids).difference(run for run, _ in _all_places(store, run_ids))
        if gone:
            return f"{len(gone)} of the sweep's runs were deleted while it ran; {again}"
    lost = runs_without_files(store, run_ids)
    if lost:
        return f"{len(lost)} of the sweep's runs have lost their files while it ran; {again}"
    return None


def _experiment(store: Store) -> Experiment | None:
    """The experiment, deleted or not; None if it is not in the store any more."""
    try:
        return store.client.get_experiment(store.experiment_id)
    except mlflow_errors() as error:
        if getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
