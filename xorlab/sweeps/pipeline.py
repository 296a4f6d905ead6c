"""A sweep as a pipeline of stages: compose, plan, train, record, summarise.

Each stage is a module that knows one thing. Here they are put together; the grid sweeper, the
precision sweeper and launching through other launchers compose `prepare`, `opened`,
`train_and_record` and `xorlab.sweeps.ending.finish` in three ways.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from xorlab.analysis.counts import counted
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.engines.local import Executor
from xorlab.errors import EngineError, StoppedError
from xorlab.sweeps.compose import compose_jobs, shared_tracking, trainer_of
from xorlab.sweeps.console import make_console, print_line, print_some
from xorlab.sweeps.finished import (
    deliver_waiting,
    existing_store,
    read_ended,
    where_recorded,
)
from xorlab.sweeps.parent_run import parent_run
from xorlab.sweeps.plan.axes import named_keys, sweep_identity, swept
from xorlab.sweeps.plan.chunks import AdaptiveChunks
from xorlab.sweeps.plan.jobs import Catalogue, Jobs
from xorlab.sweeps.plan.plan import Plan, Shard, make_plan
from xorlab.sweeps.progress import SweepProgress
from xorlab.sweeps.record import ResultWriter
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.sweeps.time_left import TimeLeft
from xorlab.sweeps.train import training
from xorlab.system.early_imports import EarlyImport
from xorlab.system.git import Provenance, provenance
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.record import Context
from xorlab.tracking.write.sweep_run import Parent, SweepIdentity
from xorlab.trainers.memory import refuse_too_much

_MOST_ALIKE = 3  # jobs that failed for one reason and are named one by one
_LONG = 3.0  # seconds of a sweep
_SUMMARY = "xorlab.sweeps.summary.finish"


@dataclass
class Sweep:
    """What the stages of one sweep share, over all its batches of jobs.

    Attributes:
        store: where its runs are recorded.
        tracking: how they are recorded.
        console: where it prints.
        catalogue: all jobs so far.
        ledger: what is known of their runs.
        writer: records outcomes in store and ledger.
        provenance: code version and git state.
        parent: its parent run, once that was opened.
        skipped: number of runs that were finished before.
        seconds: spent on training and recording so far.
        sequential: confidence of the intervals by which seeds were added; None for fixed seeds.
    """

    store: Store
    tracking: TrackingConfig
    console: Console
    catalogue: Catalogue
    ledger: Ledger
    writer: ResultWriter
    provenance: Provenance = field(default_factory=lambda: provenance(Path.cwd()))
    parent: Parent | None = None
    skipped: int = 0
    seconds: float = 0.0
    sequential: float | None = None

    @property
    def jobs(self) -> Jobs:
        """All jobs so far."""
        return self.catalogue.since(0)

    @property
    def failed(self) -> list[str]:
        """A line for each job that failed, in order; one for many that failed alike."""
        jobs, reasons = self.jobs, self.ledger.reasons
        indices = jobs.indices[np.isin(jobs.runs, list(reasons))]
        alike: dict[str, list[str]] = {}
        for job in Jobs(self.catalogue, indices):
            alike.setdefault(reasons[job.run], []).append(job.label)
        lines = []
        for reason, labels in alike.items():
            if len(labels) > _MOST_ALIKE:
                labels = [f"{labels[0]}, and {len(labels) - 1:,} more"]
            lines += [f"{label}: {reason}" for label in labels]
        return lines


def prepare(
    plugin: Any,
    grid: Sequence[Sequence[str]],
    first: int,
    workers: int,
    sweep: Sweep | None = None,
    processes: int = 0,
) -> tuple[Sweep | None, Plan]:
    """Compose and check jobs, look up which runs are finished, and plan the others.

    Args:
        plugin: launcher or sweeper, set up by Hydra.
        grid: the overrides of each job.
        first: number of the first job.
        workers: how many shards are trained at a time.
        sweep: which the jobs belong to; None to begin one.
        processes: how many workers are processes that use memory of this machine.

    Returns:
        the sweep and its plan; the sweep is None if only the plan was asked for, which is printed.

    Raises:
        UsageError: something is wrong with a job, or there is not enough memory; nothing started.
        StoreError: the store cannot be opened, or its server does not answer.
    """
    console = sweep.console if sweep else make_console()
    tell = partial(print_line, console)
    catalogue = sweep.catalogue if sweep else Catalogue(trainer_of(plugin))
    ledger = sweep.ledger if sweep else Ledger()
    jobs = compose_jobs(plugin, grid, first, catalogue, tell)
    tracking = shared_tracking(jobs)
    if sweep is None:
        for line in jobs.data_lines():
            tell(line)
    only_plan = any(spec.config.plan for spec, _ in jobs.settings())
    store = sweep.store if sweep else existing_store(tracking)
    if store is not None:
        if sweep is None and not only_plan:
            deliver_waiting(store, tracking, tell)
        try:
            read_ended(store, jobs, ledger, tracking.existing, tell)
        except ServerAwayError:
            if sweep is None:  # one that is under way continues without its server
                raise
    plan = make_plan(jobs, ledger, workers)
    if only_plan:
        from xorlab.sweeps.summary.tables import plan_table

        where = where_recorded(tracking, store)
        console.print(plan_table(plan, swept(jobs), workers, processes, where))
    refuse_too_much(plan.need(processes))
    if only_plan:
        return None, plan
    if plan.duplicates:
        alike = f"{plan.duplicates:,} of {counted(len(plan.jobs), 'job')}"
        tell(f"{alike} name a run that an earlier one names; it is trained once")
    if sweep is None:
        # A new store is made once it is certain that the sweep can begin.
        store = store or open_store(tracking.uri, tracking.experiment, artifacts=tracking.artifacts)
        writer = ResultWriter(store, tracking, ledger, tell)
        sweep = Sweep(store, tracking, console, catalogue, ledger, writer)
    sweep.skipped += plan.skipped
    return sweep, plan


@contextlib.contextmanager
def opened(
    sweep: Sweep, identity: SweepIdentity | None = None, elsewhere: bool = False
) -> Iterator[None]:
    """Keep the parent run of a sweep open; see `xorlab.sweeps.parent_run.parent_run`.

    Args:
        sweep: whose runs become children of the parent run.
        identity: of the sweep; None if all its jobs are known and are what identifies it.
        elsewhere: whether other processes record its runs.
    """
    recorded = None if elsewhere else lambda: len(sweep.ledger.runs)
    reuse = sweep.tracking.existing != "rerun"
    run = sweep.parent or identity or sweep_identity(sweep.jobs)
    with parent_run(
        sweep.store, run, sweep.provenance, sweep.console, reuse, recorded
    ) as sweep.parent:
        sweep.parent.keep(sweep.provenance.files())
        yield


def train_and_record(sweep: Sweep, plan: Plan, executor: Executor) -> None:
    """Train the jobs of a plan that remain, and record each shard when it ends.

    Raises:
        StoppedError: a job failed and ``tracking.failures`` is ``stop``.
        EngineError: no worker is left; the jobs that are missing are printed.
    """
    assert sweep.parent is not None  # noqa: S101  (within `opened`)
    named = named_keys(sweep.catalogue.trainer, swept(sweep.jobs))
    context = Context(sweep.provenance, sweep.parent.run_id, named)
    cost = max(executor.dispatch, sweep.catalogue.trainer.piece_cost)
    chunks = AdaptiveChunks(plan, executor.workers, cost)
    # The summary takes a second to import; workers train meanwhile. In a long sweep that is after
    # the first results are recorded, which would otherwise be seconds later.
    left = TimeLeft(sum(shard.seconds for shard in plan.shards), executor.workers)
    imports = EarlyImport(_SUMMARY)
    if plan.seconds(executor.workers) < _LONG:
        imports.start()
    try:
        with (
            SweepProgress(sweep.console, len(plan.remaining), plan.skipped, left) as progress,
            training(progress.watched(chunks.works()), executor, progress.tick) as ended,
        ):
            for shards, outcomes in ended:
                progress.ended(shards)
                left.trained(sum(done.ended - done.started for done in outcomes) / 1e3)
                chunks.observe(shards, outcomes)
                for shard, outcome in zip(shards, outcomes, strict=True):
                    each = shard.seconds / len(shard.jobs)
                    for counts in sweep.writer.record(shard, outcome, context):
                        left.add(counts.total() * each, counts.total())
                        progress.add(counts)
                imports.start()
                if sweep.tracking.failures == "stop":
                    _stop_at_a_failure(sweep, shards)
    except EngineError as error:
        raise _with_missing_jobs(sweep, plan, error) from error
    sweep.seconds += progress.seconds


def _stop_at_a_failure(sweep: Sweep, shards: Sequence[Shard]) -> None:
    reasons = sweep.ledger.reasons
    for job in (job for shard in shards for job in shard.jobs):
        if job.run in reasons:
            raise StoppedError(
                f"tracking.failures=stop: {job.label}: {reasons[job.run]}; what is recorded stays"
            )


def _with_missing_jobs(sweep: Sweep, plan: Plan, error: EngineError) -> EngineError:
    """Print the jobs that an engine has not trained; the error, with their number."""
    missing = [job for job in plan.remaining if job.run not in sweep.ledger]
    print_some(sweep.console, [f"missing: {job.label}" for job in missing])
    return EngineError(f"{error}; {len(missing):,} of {counted(len(plan.jobs), 'run')} are missing")
