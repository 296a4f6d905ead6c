"""Outcomes of a shard as records of its runs."""

from __future__ import annotations

from collections.abc import Sequence

from xorlab.engines.work import Failure, ShardOutcome
from xorlab.networks.memory import POINTS_AT_ONCE
from xorlab.networks.result import Result
from xorlab.networks.tasks.tasks import Task
from xorlab.sweep.plan.jobs import Job
from xorlab.tracking.write.record import Context, Record, failed, finished

_RECORDED_AT_ONCE = 500  # as the points do, bounds the memory of one transaction, not its speed


def at_once(done: ShardOutcome) -> int:
    """How many of a shard's runs to record in one go."""
    longest = max((len(o.steps) for o in done.outcomes if isinstance(o, Result)), default=1)
    return max(1, min(_RECORDED_AT_ONCE, POINTS_AT_ONCE // max(1, longest)))


def records_of(
    jobs: Sequence[Job], done: ShardOutcome, part: slice, task: Task, context: Context
) -> list[Record]:
    """Records of some of a shard's jobs.

    Args:
        jobs: some of the shard's.
        done: what became of all of them.
        part: the place of those jobs in the shard.
        task: of the shard.
        context: that the records have in common.
    """
    records = []
    for job, outcome in zip(jobs, done.outcomes[part], strict=True):
        if isinstance(outcome, Result):
            records.append(finished(job.config, outcome, task, context, done.started, done.ended))
        else:
            assert isinstance(outcome, Failure)  # noqa: S101  (the only other kind)
            records.append(failed(job.config, outcome.traceback, context, done.started, done.ended))
    return records
