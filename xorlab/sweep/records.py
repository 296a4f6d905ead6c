"""Outcomes of a shard as records of its runs."""

from __future__ import annotations

from collections.abc import Sequence

from xorlab.networks.memory import POINTS_AT_ONCE
from xorlab.networks.shard_result import Failure, ShardResult
from xorlab.sweep.plan.jobs import Job
from xorlab.tracking.write.record import Context, Record, failed, finished

_RECORDED_AT_ONCE = 500  # as the points do, bounds the memory of one transaction, not its speed


def at_once(done: ShardResult) -> int:
    """How many of a shard's runs to record in one go."""
    return max(1, min(_RECORDED_AT_ONCE, POINTS_AT_ONCE // max(1, done.longest_curve)))


def records_of(
    jobs: Sequence[Job], done: ShardResult, part: slice, context: Context
) -> list[Record]:
    """Records of some of a shard's jobs.

    Args:
        jobs: some of the shard's.
        done: what became of all of them.
        part: the place of those jobs in the shard.
        context: that the records have in common.
    """
    records = []
    for job, number in zip(jobs, range(len(done))[part], strict=True):
        run = done.run(number)
        if isinstance(run, Failure):
            text = run.traceback
            records.append(failed(job.spec, job.seed, text, context, done.started, done.ended))
        else:
            records.append(finished(job.spec, job.seed, run, context, done.started, done.ended))
    return records
