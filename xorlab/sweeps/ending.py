"""How a sweep ends: its parent run gets a summary and a status, and the summary is printed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from xorlab.errors import StoreError
from xorlab.sweeps.console import print_line
from xorlab.sweeps.pipeline import Sweep
from xorlab.sweeps.plan.axes import settings_axes, shared_params, swept
from xorlab.tracking.names import FAILED, FINISHED
from xorlab.tracking.outbox.folder import Outbox, address_key
from xorlab.tracking.outbox.pending import PendingSweep
from xorlab.tracking.outbox.recorder import not_delivered
from xorlab.tracking.read.presence import what_is_missing
from xorlab.tracking.read.sweep_files import artifact_location
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.write.sweep_run import Parent, start_tags
from xorlab.tracking.write.view import keep_view, runs_filter
from xorlab.trainers.trainer import TRAINER_TAG

if TYPE_CHECKING:
    from xorlab.analysis.report.summary import Summary


def finish(sweep: Sweep, notes: Sequence[str] = ()) -> None:
    """Give the parent run its summary and last status, and print the summary.

    Args:
        sweep: all of whose jobs have ended.
        notes: further lines for the summary.

    Raises:
        StoreError: the server has not taken everything; the rest is kept, to be delivered later.
    """
    assert sweep.parent is not None  # noqa: S101  (within `opened`)
    from xorlab.analysis.report.summary import start_headline
    from xorlab.sweeps.summary.summary import REPORT_FILE, report_command
    from xorlab.sweeps.summary.tables import summary_table

    tell = partial(print_line, sweep.console)
    if sweep.tracking.report:
        tell("Writing the report")
    ending, summary, waiting = _summarise(sweep, sweep.parent, notes)
    if len(summary.settings):
        sweep.console.print(summary_table(summary.table, sweep.console.width))
    failed = (f"error in {job}" for job in ending.failed)
    why = () if summary.failures is None else summary.failures.text
    headline = start_headline(summary.runs, ending.seconds, sweep.ledger.before)
    for line in filter(None, (headline, *summary.findings, *why, *summary.notes, *failed)):
        tell(line)
    if ending.failed:
        tell("Rates leave these runs out; the traceback of each is its artifact traceback.txt")
    if waiting is not None:
        raise StoreError(waiting)
    store, run_id = sweep.store, sweep.parent.run_id
    missing = what_is_missing(store, run_id, sweep.ledger.run_ids())
    if missing is not None:
        raise StoreError(missing)
    tell(f"Recorded in experiment {store.experiment!r} as sweep {run_id}")
    if sweep.tracking.report:
        tell(f"Open the report: {artifact_location(store, run_id, REPORT_FILE)}")
    else:
        tell(f"Make its report: {report_command(store, run_id[:8])}")
    own = bool((summary.runs["sweep"] == run_id).all())  # recorded by this start or earlier ones
    every = None if own else summary.runs["run_id"].tolist()
    trainer = sweep.catalogue.trainer.identity_tags().get(TRAINER_TAG)
    search = runs_filter(run_id, every, shared_params(sweep.jobs), trainer)
    view = keep_view(store, run_id, settings_axes(swept(sweep.jobs)), search)
    tell(f"Browse the runs: {store.browse(view=view)}")


def _summarise(
    sweep: Sweep, parent: Parent, notes: Sequence[str]
) -> tuple[PendingSweep, Summary, str | None]:
    """How the sweep ended, its summary, and a message if its server has not taken everything."""
    from xorlab.sweeps.summary.finish import finish_sweep, summary_at_hand

    store, outbox, tags = sweep.store, Outbox(sweep.tracking.outbox), start_tags(sweep.provenance)
    keys, sequential = sweep.catalogue.trainer.setting_keys, sweep.sequential
    try:
        waiting = sweep.writer.complete(sweep.jobs, parent)
    except ServerAwayError as error:
        waiting = not_delivered(error, store, outbox)
    ending = _ending(sweep, parent, notes)
    if waiting is not None:
        outbox.keep(ending)
        return ending, summary_at_hand(ending, sweep.ledger, keys, sequential), waiting
    finish = partial(finish_sweep, store, parent, ending, sweep.ledger, tags, keys, sequential)
    if not is_server(store.uri):
        return ending, finish(), None
    try:
        with outbox.sending([ending]) as (path,):
            summary = finish()
            outbox.remove(path)
    except ServerAwayError as error:
        waiting = not_delivered(error, store, outbox)
        summary = summary_at_hand(ending, sweep.ledger, keys, sequential)
    return ending, summary, waiting


def _ending(sweep: Sweep, parent: Parent, notes: Sequence[str]) -> PendingSweep:
    failed = sweep.failed
    return PendingSweep(
        store=address_key(sweep.store.uri),
        experiment=sweep.store.experiment,
        run_id=parent.run_id,
        status=FAILED if failed else FINISHED,
        keys=sweep.jobs.run_keys(),
        seconds=sweep.seconds,
        skipped=sweep.skipped,
        notes=notes,
        failed=failed,
        report=sweep.tracking.report,
    )
