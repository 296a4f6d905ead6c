"""What the store knows of a sweep's jobs before they are planned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from xorlab.analysis.counts import WITH_ERROR
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.errors import NoStoreError
from xorlab.sweeps.plan.jobs import Jobs
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.tracking.names import FINISHED
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.recorder import results
from xorlab.tracking.read.presence import runs_without_files
from xorlab.tracking.read.reasons import failure_reasons
from xorlab.tracking.read.search import ended_runs, from_other_code
from xorlab.tracking.store.address import (
    database_file,
    experiment_name,
    public_address,
    resolve,
)
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.store import Store
from xorlab.trainers.trainer import CODE_TAG


def existing_store(tracking: TrackingConfig) -> Store | None:
    """The store; None if it does not exist yet, so that nothing can be finished.

    Raises:
        StoreError: it cannot be opened.
    """
    try:
        return open_store(tracking.uri, tracking.experiment, create=False)
    except NoStoreError:
        return None


def where_recorded(tracking: TrackingConfig, store: Store | None) -> str:
    """The address of the store and the experiment, for a plan.

    Args:
        tracking: how runs are recorded.
        store: from `existing_store`.
    """
    address = resolve(tracking.uri)
    file = database_file(address)
    new = " (new)" if store is None and file is not None and not file.exists() else ""
    experiment = experiment_name(tracking.experiment)
    return f"{file or public_address(address)}{new}, experiment {experiment}"


def deliver_waiting(store: Store, tracking: TrackingConfig, tell: Callable[[str], None]) -> None:
    """Deliver what an earlier sweep could not, so that it counts as finished.

    Raises:
        ServerAwayError: the server does not answer.
        StoreError: another process has been delivering for too long.
    """
    outbox = Outbox(tracking.outbox)
    if not outbox.folder.exists():
        return
    from xorlab.sweeps.summary.finish import deliver_all  # it needs all of the statistics

    delivery = deliver_all(store, outbox)
    arrived = delivery.delivered + delivery.present
    if arrived:
        tell(f"{results(arrived)} delivered from {outbox.folder}")
    for line in delivery.lines():
        tell(line)


def read_ended(
    store: Store, jobs: Jobs, ledger: Ledger, existing: str, tell: Callable[[str], None]
) -> None:
    """Put the runs that have ended before into the ledger; they are not trained again.

    Args:
        store: where they are recorded.
        jobs: of the sweep.
        ledger: of the sweep; runs that it has are not looked up.
        existing: ``skip`` for all that have ended, ``retry`` for those that finished and have their
            files, ``rerun`` for none.
        tell: prints a line.

    Raises:
        ServerAwayError: the server does not answer.
    """
    if existing == "rerun":
        return
    numbers = jobs.first_of_each_run().runs.tolist()
    runs = {jobs.catalogue.key(run): run for run in numbers if run not in ledger}
    finished, failed = {}, []
    for row in ended_runs(store, runs):
        if row["status"] == FINISHED:
            finished[row["run_id"]] = row["key"]
            ledger.add(runs[row["key"]], row)
        elif existing == "skip":
            failed.append(row)
    reasons = failure_reasons(store, [row["run_id"] for row in failed])
    for row in failed:
        reason = reasons.get(row["run_id"], "its reason is not recorded")
        hint = "recorded before; tracking.existing=retry runs it again"
        ledger.add(runs[row["key"]], row, f"{reason} ({hint})")
        ledger.before[WITH_ERROR] += 1
    _warn_of_other_code(store, jobs, list(finished.values()), tell)
    lost = runs_without_files(store, list(finished))
    if lost and existing == "skip":
        ledger.lost |= lost
        tell(
            f"earlier runs that have lost their files: {len(lost)}; tracking.existing=retry trains "
            "these again and completes them"
        )
    elif lost:
        again = [runs[finished.pop(run_id)] for run_id in lost]
        ledger.forget(again)
    for key in finished.values():
        ledger.before[str(ledger.outcome(runs[key]))] += 1


def _warn_of_other_code(
    store: Store, jobs: Jobs, keys: Sequence[str], tell: Callable[[str], None]
) -> None:
    """Say how many finished runs come from another version of the trainer's file.

    The file is no part of a run's identity: an edited comment must not train all runs again.
    """
    trainer = jobs.catalogue.trainer
    code = trainer.identity_tags().get(CODE_TAG)
    count = 0 if code is None else from_other_code(store, keys, code)
    if count and trainer.reference is not None:
        file = Path(str(trainer.reference.file)).name
        tell(
            f"{count} finished runs were recorded from another version of the file {file}, and are "
            "not trained again; if it computes something else now, raise the trainer's version"
        )
