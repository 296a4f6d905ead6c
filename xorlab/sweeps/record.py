"""The recording stage: outcomes of shards become runs in the store and rows in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from xorlab.analysis.counts import WITH_ERROR
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.sweeps.plan.jobs import Job, Jobs
from xorlab.sweeps.plan.plan import Shard
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.tracking.choose_recorder import make_recorder
from xorlab.tracking.names import CURVE, FAILED, OUTCOME_TAG, TRACEBACK_FILE
from xorlab.tracking.read.search import ended_runs
from xorlab.tracking.store.errors import explained_errors
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.duplicates import without_duplicates_of
from xorlab.tracking.write.record import Context, Record, failed, finished, record_row
from xorlab.tracking.write.sweep_run import Parent
from xorlab.trainers.memory import POINTS_AT_ONCE
from xorlab.trainers.result import NO_CURVE
from xorlab.trainers.shard_result import Failure, ShardResult

_NOT_THERE = (
    "its run is not in the store: it was recorded elsewhere, or is another one than was planned"
)
_MOST_RUNS = 500  # in one transaction; like the limit on points, it bounds memory, not speed
_FIRST_RUNS, _GROWTH = 20, 5  # few in the first one, so that a sweep soon shows results


class ResultWriter:
    """Writes the outcomes of a sweep's shards to its store and its ledger.

    Args:
        store: where runs are recorded.
        tracking: how they are recorded.
        ledger: of the sweep; each run gets its row and curve there.
        tell: prints a line, for example when a server goes away.
    """

    def __init__(
        self, store: Store, tracking: TrackingConfig, ledger: Ledger, tell: Callable[[str], None]
    ) -> None:
        self._store, self._ledger = store, ledger
        self._recorder = make_recorder(store, tracking, tell)
        self._skip_existing = tracking.existing != "rerun"
        self._without_id: set[int] = set()
        self._size = _FIRST_RUNS

    def record(
        self, shard: Shard, outcome: ShardResult, context: Context
    ) -> Iterator[Counter[str]]:
        """Record a shard in parts; for each part, how many of its runs ended in which way."""
        most, start = _runs_at_once(outcome), 0
        while start < len(shard.jobs):
            part = slice(start, start + min(most, self._size))
            start, self._size = part.stop, min(_GROWTH * self._size, _MOST_RUNS)
            jobs = list(shard.jobs[part])
            records = _records(jobs, outcome, part, context)
            with explained_errors(self._store):
                run_ids = self._recorder.record(records, self._skip_existing)
            yield self._note(jobs, records, run_ids)

    def recorded_elsewhere(self, runs: Iterable[int]) -> None:
        """Some runs, by number, were recorded by other processes; `complete` reads them."""
        self._without_id.update(runs)

    def complete(self, jobs: Jobs, parent: Parent) -> str | None:
        """Deliver what waits for the server, then read the runs whose ids are not known yet.

        These are runs that waited for a server, and runs that another process recorded.

        Args:
            jobs: all jobs of the sweep.
            parent: its parent run.

        Returns:
            what the user must know if the server has not taken everything, else None.

        Raises:
            ServerAwayError: the server does not answer.
        """
        waiting = self._recorder.flush()
        if waiting is not None:
            return waiting
        superseded = self._recorder.superseded
        if parent.resumed:  # two starts of one sweep at the same time share its parent run
            superseded |= without_duplicates_of(self._store, parent.run_id)
        self._without_id |= self._ledger.named(superseded)
        keys = {jobs.catalogue.key(run): run for run in self._without_id}
        for row in ended_runs(self._store, keys, parent.run_id):
            self._ledger.add(keys[row["key"]], row)
        for run in self._without_id:
            if run not in self._ledger:
                self._ledger.reasons.setdefault(run, _NOT_THERE)
        self._without_id.clear()
        return None

    def _note(
        self, jobs: Sequence[Job], records: Sequence[Record], run_ids: Sequence[str | None]
    ) -> Counter[str]:
        """Put what the summary needs into the ledger, and count outcomes."""
        counts: Counter[str] = Counter()
        for job, record, run_id in zip(jobs, records, run_ids, strict=True):
            counts[record.tags.get(OUTCOME_TAG, WITH_ERROR)] += 1
            reason = None
            if record.status == FAILED:
                reason = Failure(record.artifacts[TRACEBACK_FILE].decode()).reason
            if run_id is None:
                self._without_id.add(job.run)
            self._ledger.add(job.run, record_row(run_id or "", record), reason)
            if run_id is None and record.status == FAILED:
                continue  # another process may have finished it
            self._ledger.add_curve(job.run, *record.curves.get(CURVE, NO_CURVE))
        return counts


def _runs_at_once(outcome: ShardResult) -> int:
    """How many runs of a shard to record in one transaction."""
    return max(1, min(_MOST_RUNS, POINTS_AT_ONCE // max(1, outcome.longest_curve)))


def _records(
    jobs: Sequence[Job], outcome: ShardResult, part: slice, context: Context
) -> list[Record]:
    """Records of the jobs that are a shard's part."""
    times = outcome.started, outcome.ended
    records = []
    for job, number in zip(jobs, range(len(outcome))[part], strict=True):
        run = outcome.run(number, job.spec.trainer.result)
        if isinstance(run, Failure):
            records.append(failed(job.spec, job.seed, run.traceback, context, *times))
        else:
            files = outcome.files[number] if outcome.files else None
            records.append(finished(job.spec, job.seed, run, context, *times, files))
    return records
