"""One sweep from its jobs to its summary."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from xorlab.config import TrackingConfig
from xorlab.provenance import provenance
from xorlab.result import Result
from xorlab.sweep.axes import described
from xorlab.sweep.executors import Executor
from xorlab.sweep.plan import Job, Plan, Shard
from xorlab.sweep.progress import SweepProgress
from xorlab.sweep.summary import summarise
from xorlab.sweep.work import Done, Failure, Work
from xorlab.tracking.frames import Curve, record_row
from xorlab.tracking.open import make_recorder
from xorlab.tracking.parent import Parent, mend, open_parent
from xorlab.tracking.record import FAILED, FINISHED, KILLED, Context, Record, failed, finished
from xorlab.tracking.search import ended_runs
from xorlab.tracking.store import Store

Row = dict[str, Any]
_WAIT = 0.5  # seconds between signs of life
_RECORDED_AT_ONCE = 500  # bounds the memory of one transaction, not its speed


class StoppedError(Exception):
    """A job failed, and `tracking.failures=stop` ends the sweep there."""


@dataclass
class Session:
    """A sweep that is under way.

    Attributes:
        store: where it is recorded.
        tracking: its tracking configuration.
        console: where it is told.
        axes: swept keys with their values.
        rows: what is known of each run, by key.
        curves: of the runs trained here, by key.
        reasons: why jobs failed, by key.
    """

    store: Store
    tracking: TrackingConfig
    console: Console
    axes: dict[str, list[str]]
    rows: dict[str, Row] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    parent: Parent | None = None

    @contextmanager
    def opened(self, plan: Plan) -> Iterator[Parent]:
        """Within: the parent run is RUNNING; after: it says how the sweep ended."""
        marked = mend(self.store)
        if marked:
            self.console.print(f"{marked} runs that a killed process left behind are marked KILLED")
        code = provenance(Path.cwd())
        if self.parent is None:
            self.parent = open_parent(
                self.store,
                [job.key for job in plan.jobs],
                {key: described(values) for key, values in self.axes.items()},
                self._name(plan),
                code,
                reuse=self.tracking.existing != "rerun",
            )
        self._provenance = code
        try:
            yield self.parent
        except BaseException as error:
            stopped = isinstance(error, StoppedError)
            self.parent.close(FAILED if stopped else KILLED)
            if isinstance(error, KeyboardInterrupt):
                self.console.print(f"\nstopped; what is recorded stays. Go on with: {command()}")
            raise

    def train(self, plan: Plan, executor: Executor) -> SweepProgress:
        """Train what remains, and record each shard as it ends."""
        assert self.parent is not None  # noqa: S101  (within `opened`)
        recorder, note = make_recorder(self.store, self.tracking.bulk)
        if note:
            self.console.print(note)
        context = Context(self._provenance, self.parent.run_id)
        shards: dict[Future[Done], Shard] = {}
        with SweepProgress(self.console, len(plan.remaining), plan.skipped) as progress:
            try:
                queue = list(reversed(plan.shards))
                while queue or shards:
                    while queue and len(shards) < executor.slots:
                        shard = queue.pop()
                        work = Work([job.config for job in shard.jobs], shard.task)
                        shards[executor.submit(work)] = shard
                    ended, _ = wait(shards, timeout=_WAIT, return_when=FIRST_COMPLETED)
                    self.parent.beat()
                    for future in ended:
                        done, jobs = future.result(), shards.pop(future)
                        for start in range(0, len(jobs.jobs), _RECORDED_AT_ONCE):
                            part = slice(start, start + _RECORDED_AT_ONCE)
                            records = _records(jobs, done, part, context)
                            once = self.tracking.existing != "rerun"
                            identifiers = recorder.record(records, once)
                            progress.add(self._note(jobs.jobs[part], records, identifiers))
                        del future, done  # results that are recorded need no room
                    if self.reasons and self.tracking.failures == "stop":
                        raise StoppedError
            finally:
                executor.close()
        return progress

    def close(self, plan: Plan, seconds: float) -> None:
        """Give the parent run its summary, and tell it."""
        assert self.parent is not None  # noqa: S101  (within `opened`)
        keys = list(dict.fromkeys(job.key for job in plan.jobs))
        rows = [self.rows[key] for key in keys if key in self.rows]
        summary, told = summarise(self.store, rows, self.curves, self.axes, plan.skipped, seconds)
        self.parent.close(FAILED if self._failed(plan) else FINISHED, summary)
        for item in told:
            self.console.print(item)
        for job in self._failed(plan):
            self.console.print(
                f"failed: job {job.num} ({job}): {self.reasons[job.key]}",
                soft_wrap=True,
                markup=False,
            )
        self.console.print(f"Browse the runs: {self.store.browse()}", soft_wrap=True)

    def _failed(self, plan: Plan) -> list[Job]:
        return [job for job in plan.jobs if job.key in self.reasons]

    def _note(
        self, jobs: Sequence[Job], records: Sequence[Record], identifiers: Sequence[str | None]
    ) -> Counter[str]:
        """Keep what the summary needs, and count outcomes."""
        counts: Counter[str] = Counter()
        elsewhere = [
            r.tags["xorlab.key"] for r, i in zip(records, identifiers, strict=True) if not i
        ]
        self.rows.update(ended_runs(self.store, elsewhere))
        for job, record, identifier in zip(jobs, records, identifiers, strict=True):
            counts[record.tags.get("xorlab.outcome", "failed")] += 1
            if record.status == FAILED:
                text = record.artifacts["traceback.txt"].decode()
                self.reasons[job.key] = text.strip().rpartition("\n")[2]
            if identifier is None:
                continue
            self.rows[job.key] = record_row(identifier, record)
            self.curves[job.key] = (identifier, record.steps, record.loss)
        return counts

    def _name(self, plan: Plan) -> str:
        swept = " ".join(f"{key.rpartition('.')[2]}={described(v)}" for key, v in self.axes.items())
        task = plan.jobs[0].config.task.name if "task" not in self.axes else ""
        return " ".join(filter(None, ["sweep", task, swept]))[:200]


def command() -> str:
    """What was typed to start this process, to be typed again."""
    return "xorlab " + shlex.join(sys.argv[1:])


def _records(shard: Shard, done: Done, part: slice, context: Context) -> list[Record]:
    records = []
    for job, outcome in zip(shard.jobs[part], done.outcomes[part], strict=True):
        if isinstance(outcome, Result):
            records.append(
                finished(job.config, outcome, shard.task, context, done.started, done.ended)
            )
        else:
            assert isinstance(outcome, Failure)  # noqa: S101  (the only other kind)
            records.append(failed(job.config, outcome.traceback, context, done.started, done.ended))
    return records
