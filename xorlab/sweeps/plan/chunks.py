"""How much to dispatch at a time, so that dispatch costs little and no worker waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from xorlab.engines.work import ShardGroup, Work
from xorlab.sweeps.plan.plan import Plan, Shard
from xorlab.trainers.shard_result import ShardResult

SHARE = 0.05  # the cost of dispatch, relative to the work
_ROUNDS = 4  # dispatch what is left in so many rounds, so that workers end together
_PROBE = 0.2  # seconds of work before the speed of a worker is known
_REMEMBERED = 0.7  # the weight of a measurement, relative to the next one
_MOST_SECONDS = 60.0  # what a killed worker may cost
_MOST_UNKNOWN = 10.0  # the same where the time of a run is unknown
_MOST_RUNS = 5000  # bounds the memory that an outcome takes
# Where dispatch is free: seconds of the first shards, which show results and measure the speed; of
# those that follow; and the share of the time since the start that a later shard may take, so that
# a stop costs no more than that, and long sweeps still come to train many networks together.
_FIRST, _SHORT, _SHARE_OF_PAST = 1.0, 4.0, 0.25
_BESIDE_FIXED = 2.0  # times its fixed cost a shard may always take: a shorter one saves little
_TOLERATED = 1.25  # times that a shard is not worth dividing for


class AdaptiveChunks:
    """The shards of a plan that are not dispatched yet, cut as they are taken.

    If dispatch is free, they stay as planned, largest first, except that a shard which would take
    too long for how long the sweep has run is divided. If not, each piece is as long as the cost of
    dispatch demands, or an even share of what is left if that is more. The plan's estimates of time
    are corrected by what workers have measured.

    Args:
        plan: what is left to train.
        workers: how many shards are trained at a time.
        dispatch: seconds that it takes to dispatch a piece.
        clock: seconds that pass while the sweep runs.
    """

    def __init__(
        self,
        plan: Plan,
        workers: int,
        dispatch: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._began = clock, clock()
        self._workers, self._dispatch = workers, dispatch
        self._estimated = self._measured = 0.0
        self._knows_time = plan.jobs.catalogue.trainer.knows_time
        self._waiting = list(reversed(plan.shards if dispatch == 0 else _whole(plan.shards)))
        self._left = sum(shard.seconds for shard in self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def pace(self) -> float:
        """Seconds on a worker for each second of the estimate."""
        return self._measured / self._estimated if self._estimated else 1.0

    def works(self) -> Iterator[tuple[tuple[Shard, ...], ShardGroup]]:
        """Shards with their work for an executor; each piece is cut when it is asked for."""
        while self:
            shards = self.take()
            yield shards, _group_of(shards)

    def take(self) -> tuple[Shard, ...]:
        """What to dispatch next."""
        if self._dispatch == 0:
            return (self._short(),)
        target = self._target()
        taken: list[Shard] = []
        runs, seconds = 0, 0.0
        while self._waiting and (not taken or (seconds < target and runs < _MOST_RUNS)):
            shard = self._cut(target - seconds)
            taken.append(shard)
            runs, seconds = runs + len(shard.jobs), seconds + shard.seconds * self.pace
        self._left -= sum(shard.seconds for shard in taken)
        return tuple(taken)

    def observe(self, shards: Sequence[Shard], outcomes: Sequence[ShardResult]) -> None:
        """Correct the estimates by the time that a worker took."""
        for shard, done in zip(shards, outcomes, strict=True):
            if done.ended:
                # Times are whole milliseconds: a shard that took less still took some time. What
                # was measured first, while workers warmed up, is forgotten.
                took = max(0.5, done.ended - done.started) / 1e3
                self._measured = _REMEMBERED * self._measured + took
                self._estimated = _REMEMBERED * self._estimated + shard.seconds

    def _target(self) -> float:
        """Seconds of work to dispatch next."""
        even = self._left * self.pace / (self._workers * _ROUNDS)
        if not self._estimated:
            even = min(even, _PROBE)
        known = self._knows_time
        return min(_MOST_SECONDS if known else _MOST_UNKNOWN, max(self._dispatch / SHARE, even))

    def _short(self) -> Shard:
        """The next shard as planned, or a piece of it if it would take too long."""
        shard = self._waiting.pop()
        fixed, each = shard.line
        if not self._knows_time or each <= 0:
            return shard
        most = max(_SHORT, _SHARE_OF_PAST * (self._clock() - self._began))
        most = max((most if self._estimated else _FIRST) / self.pace, _BESIDE_FIXED * fixed)
        count = max(1, int((most - fixed) / each))
        pieces = -(-len(shard.jobs) // count)
        if shard.seconds <= _TOLERATED * most or pieces == 1:
            return shard
        self._waiting.append(Shard(shard.jobs[-(-len(shard.jobs) // pieces) :]))
        return Shard(shard.jobs[: -(-len(shard.jobs) // pieces)])

    def _cut(self, seconds: float) -> Shard:
        """So many seconds of the next group, or all of it."""
        group = self._waiting.pop()
        jobs = group.jobs
        fixed, each = group.line
        fits = (seconds / self.pace - fixed) / each if each > 0 else len(jobs)
        least = min(group.trainer.fewest, -(-len(jobs) // self._workers))
        count = max(1, min(group.width, max(least, int(fits))))
        if count < len(jobs):
            self._waiting.append(Shard(jobs[count:]))
        return Shard(jobs[:count])


def _group_of(shards: Sequence[Shard]) -> ShardGroup:
    """Shards as work for an executor."""
    return ShardGroup(
        tuple(
            Work([job.config for job in shard.jobs], shard.data, shard.trainer) for shard in shards
        )
    )


def _whole(shards: Sequence[Shard]) -> list[Shard]:
    """Shards that can be trained together, joined again, however large."""
    groups: dict[object, list[Shard]] = {}
    for shard in shards:
        groups.setdefault(shard.spec.together, []).append(shard)
    return [
        Shard(first.jobs.together([other.jobs for other in others]))
        for first, *others in groups.values()
    ]
