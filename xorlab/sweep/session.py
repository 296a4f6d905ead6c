"""One sweep from its jobs to its summary."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from xorlab.analysis.report.summary import Summary
from xorlab.config.schema import TrackingConfig
from xorlab.engines.dispatch import completed
from xorlab.engines.local import Executor
from xorlab.errors import EngineError, StoppedError, StoreError
from xorlab.networks.shard_result import ShardResult
from xorlab.sweep.plan.axes import described, swept
from xorlab.sweep.plan.chunks import AdaptiveChunks
from xorlab.sweep.plan.jobs import Catalogue, Job, Jobs
from xorlab.sweep.plan.plan import Plan, Shard
from xorlab.sweep.progress import SweepProgress
from xorlab.sweep.records import at_once, records_of
from xorlab.sweep.summary.ledger import Ledger
from xorlab.sweep.summary.parent_run import finish_sweep, summary_at_hand
from xorlab.sweep.summary.summary import REPORT_FILE
from xorlab.sweep.summary.tables import summary_table
from xorlab.system.credentials import without_credentials
from xorlab.system.git import provenance
from xorlab.system.signals import Interrupts, interruptions
from xorlab.tracking.choose_recorder import make_recorder
from xorlab.tracking.names import FAILED, FINISHED, KILLED
from xorlab.tracking.outbox.folder import Outbox, address_key
from xorlab.tracking.outbox.pending import PendingSweep
from xorlab.tracking.outbox.recorder import not_delivered
from xorlab.tracking.read.search import ended_runs
from xorlab.tracking.read.sweep_files import place_of
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.errors import explained_errors, release_frames
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.duplicates import without_duplicates_of
from xorlab.tracking.write.record import Context, Record, record_row
from xorlab.tracking.write.sweep_run import Parent, SweepIdentity, close_abandoned, open_parent

_MOST_TOLD = 20  # jobs that are listed one by one


@dataclass
class Session:
    """A sweep that is under way, in one go or batch after batch of jobs.

    Attributes:
        store: where it is recorded.
        tracking: its tracking configuration.
        console: where it is told.
        catalogue: of all jobs so far.
        ledger: what is known of their runs.
        skipped: how many runs were finished before.
        seconds: spent on training and recording so far.
        elsewhere: numbers of runs whose ids are to be looked up at the end.
    """

    store: Store
    tracking: TrackingConfig
    console: Console
    catalogue: Catalogue
    ledger: Ledger
    skipped: int = 0
    seconds: float = 0.0
    elsewhere: set[int] = field(default_factory=set)
    parent: Parent | None = None

    def __post_init__(self) -> None:
        self.recorder = make_recorder(self.store, self.tracking, self._tell)

    @property
    def jobs(self) -> Jobs:
        """All jobs so far."""
        return self.catalogue.since(0)

    @property
    def axes(self) -> dict[str, list[str]]:
        """Swept keys with their values."""
        return swept(self.jobs)

    @contextlib.contextmanager
    def opened(self, about: SweepIdentity | None = None) -> Iterator[Parent]:
        """Within: the parent run is RUNNING; after: it says how the sweep ended.

        Args:
            about: what the sweep is; None for one whose jobs are all known now.
        """
        with explained_errors(self.store):
            marked = close_abandoned(self.store)
            if marked:
                self.console.print(
                    f"{marked} runs that a killed process left behind are marked KILLED"
                )
            self._provenance = provenance(Path.cwd())
            self._open(about)
            assert self.parent is not None  # noqa: S101  (just opened)
            try:
                with interruptions():
                    self.parent.keep(self._provenance.files())
                    yield self.parent
            except BaseException as error:
                release_frames(error)
                # Where the store itself is in trouble the next start closes it.
                with contextlib.suppress(Exception):
                    if not self.parent.closed:
                        self.parent.close(FAILED if isinstance(error, StoppedError) else KILLED)
                if isinstance(error, KeyboardInterrupt | EngineError):
                    told = f"\nstopped; what is recorded stays. Go on with: {command()}"
                    self.console.print(told, soft_wrap=True, markup=False)
                raise

    def _open(self, about: SweepIdentity | None) -> None:
        if self.parent is not None:
            self.parent.reopen(self._provenance)
            return
        reuse = self.tracking.existing != "rerun"
        told = about or self._about()
        self.parent = open_parent(self.store, told, self._provenance, reuse)

    def train(self, plan: Plan, executor: Executor) -> None:
        """Train what remains, and record each shard as it ends."""
        assert self.parent is not None  # noqa: S101  (within `opened`)
        context = Context(self._provenance, self.parent.run_id)
        parent, cuts = self.parent, AdaptiveChunks(plan, executor.workers, executor.dispatch)

        def alive() -> None:
            interrupts.check()
            parent.beat()

        with (
            Interrupts() as interrupts,
            SweepProgress(self.console, len(plan.remaining), plan.skipped) as progress,
            contextlib.closing(completed(cuts.works(), executor, alive)) as ended,
        ):
            try:
                for shards, outcomes in ended:
                    cuts.learn(shards, outcomes)
                    for told in self._record(shards, outcomes, context):
                        progress.add(told)
                    if self.tracking.failures == "stop":
                        self._stop_at_a_failure(shards)
            except EngineError as error:
                raise self._told_what_is_missing(error, plan) from error
        self.seconds += progress.seconds

    def _stop_at_a_failure(self, shards: Sequence[Shard]) -> None:
        for job in (job for shard in shards for job in shard.jobs):
            if job.run in self.ledger.reasons:
                raise StoppedError(
                    f"tracking.failures=stop: job {job.num} ({job}): "
                    f"{self.ledger.reasons[job.run]}; what is recorded stays"
                )

    def close(self, notes: Sequence[str] = ()) -> None:
        """Give the parent run its summary, and tell it.

        Raises:
            StoreError: the server is away; what it has not taken is kept, and delivered later.
        """
        assert self.parent is not None  # noqa: S101  (within `opened`)
        summary, waiting = self._summed_up(notes)
        if len(summary.settings):
            self.console.print(summary_table(summary.table, self.console.width))
        for line in (
            summary.headline,
            *summary.notes,
            *(f"failed: {job}" for job in self._told_failed()),
        ):
            self._tell(line)
        if waiting is not None:
            raise StoreError(waiting)
        self._tell(
            f"Recorded in experiment {self.store.experiment!r} as sweep {self.parent.run_id}"
        )
        self._tell(f"Open the report: {place_of(self.store, self.parent.run_id, REPORT_FILE)}")
        self._tell(f"Browse the runs: {self.store.browse()}")

    def _summed_up(self, notes: Sequence[str]) -> tuple[Summary, str | None]:
        """The summary, and what the user is told where the server has not taken everything."""
        assert self.parent is not None  # noqa: S101  (within `opened`)
        outbox, tags = Outbox(self.tracking.outbox), self._provenance.tags()
        try:
            waiting = self.recorder.flush()
            if waiting is None:
                self._look_up()
        except ServerAwayError as error:
            waiting = not_delivered(error, self.store, outbox)
        ending = self._ending(notes)
        if waiting is not None:
            outbox.keep(ending)
            return summary_at_hand(ending, self.ledger), waiting
        if not is_server(self.store.uri):
            return finish_sweep(self.store, self.parent, ending, self.ledger, tags), None
        try:
            with outbox.sending([ending]) as (path,):
                summary = finish_sweep(self.store, self.parent, ending, self.ledger, tags)
                outbox.remove(path)
        except ServerAwayError as error:
            waiting = not_delivered(error, self.store, outbox)
            summary = summary_at_hand(ending, self.ledger)
        return summary, waiting

    def _told_failed(self) -> list[str]:
        return [f"job {job.num} ({job}): {self.ledger.reasons[job.run]}" for job in self.failed]

    def _ending(self, notes: Sequence[str]) -> PendingSweep:
        assert self.parent is not None  # noqa: S101  (within `opened`)
        failed = self._told_failed()
        keys, status = list(self.jobs.run_keys()), FAILED if failed else FINISHED
        return PendingSweep(
            address_key(self.store.uri),
            self.store.experiment,
            self.parent.run_id,
            status,
            keys,
            self.seconds,
            self.skipped,
            notes,
            failed,
        )

    def _look_up(self) -> None:
        """Runs that another sweep has recorded, or that waited, have ids that are known now."""
        assert self.parent is not None  # noqa: S101  (within `opened`)
        if self.parent.resumed:  # by two starts at once, it may be, and then they share it
            self.recorder.superseded |= without_duplicates_of(self.store, self.parent.run_id)
        self.elsewhere |= self.ledger.named(self.recorder.superseded)
        keys = {self.catalogue.key(run): run for run in self.elsewhere}
        for row in ended_runs(self.store, keys, self.parent.run_id):
            self.ledger.add(keys[row["key"]], row)
        self.elsewhere.clear()

    @property
    def failed(self) -> Jobs:
        """The jobs that failed, in order."""
        jobs = self.jobs
        return Jobs(jobs.catalogue, jobs.places[np.isin(jobs.runs, list(self.ledger.reasons))])

    def _record(
        self, shards: Sequence[Shard], outcomes: Sequence[ShardResult], context: Context
    ) -> Iterator[Counter[str]]:
        """Record shards in parts; what became of each part's runs."""
        skip_existing = self.tracking.existing != "rerun"
        for shard, done in zip(shards, outcomes, strict=True):
            some = at_once(done)
            for start in range(0, len(shard.jobs), some):
                part = slice(start, start + some)
                jobs = list(shard.jobs[part])
                records = records_of(jobs, done, part, context)
                with explained_errors(self.store):
                    identifiers = self.recorder.record(records, skip_existing)
                yield self._note(jobs, records, identifiers)

    def _told_what_is_missing(self, error: EngineError, plan: Plan) -> EngineError:
        missing = [job for job in plan.remaining if job.run not in self.ledger]
        for job in missing[:_MOST_TOLD]:
            self.console.print(f"missing: job {job.num} ({job})", soft_wrap=True, markup=False)
        if len(missing) > _MOST_TOLD:
            self.console.print(f"and {len(missing) - _MOST_TOLD} more")
        return EngineError(f"{error}; {len(missing)} of {len(plan.jobs)} runs are missing")

    def _note(
        self, jobs: Sequence[Job], records: Sequence[Record], identifiers: Sequence[str | None]
    ) -> Counter[str]:
        """Keep what the summary needs, and count outcomes."""
        counts: Counter[str] = Counter()
        for job, record, identifier in zip(jobs, records, identifiers, strict=True):
            counts[record.tags.get("xorlab.outcome", "failed")] += 1
            reason = None
            if record.status == FAILED:
                text = record.artifacts["traceback.txt"].decode()
                reason = text.strip().rpartition("\n")[2]
            if identifier is None:
                self.elsewhere.add(job.run)
            self.ledger.add(job.run, record_row(identifier or "", record), reason)
            if identifier is None and record.status == FAILED:
                continue  # elsewhere it may have gone well
            self.ledger.add_curve(job.run, record.steps, record.loss)
        return counts

    def _tell(self, line: str) -> None:
        self.console.print(line, soft_wrap=True, markup=False)

    def _about(self) -> SweepIdentity:
        axes = {key: described(values) for key, values in self.axes.items()}
        return SweepIdentity(list(self.jobs.run_keys()), axes, self.name(axes))

    def name(self, axes: Mapping[str, str]) -> str:
        """A name for the parent run that tells sweeps apart."""
        told = " ".join(f"{key.rpartition('.')[2]}={values}" for key, values in axes.items())
        task = self.jobs[0].spec.config.task.name if "task" not in axes else ""
        return " ".join(filter(None, ["sweep", task, told]))[:200]


def command() -> str:
    """What was typed to start this process, to be typed again, with any password anew."""
    return "xorlab " + shlex.join(map(without_credentials, sys.argv[1:]))
