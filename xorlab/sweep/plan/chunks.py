"""How much to hand over at a time, so that handing over costs little and no worker waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xorlab.engines.work import ShardGroup, Work
from xorlab.networks.shard_result import ShardResult
from xorlab.networks.train import chunk_width
from xorlab.sweep.plan.plan import Plan, Shard

SHARE = 0.05  # of its work that handing it over may cost
_ROUNDS = 4  # hand over what is left in so many rounds, so that workers end together
_PROBE = 0.2  # seconds of work before anybody has told how long it takes
_MOST_SECONDS = 60.0  # what a killed worker may cost
_MOST_RUNS = 5000  # bounds the memory that an outcome takes
# Calls of NumPy cost the same for one network as for hundreds: no fewer, where there are as many.
_LEAST_LANES = 256


class AdaptiveChunks:
    """The shards of a plan that wait.

    Where handing over is free they are handed over as they were planned, largest first. Where it
    is not, what the plan estimates is corrected by what workers have measured, and each piece is
    cut to that: as long as the cost of handing it over demands, else an even share of what is left.

    Args:
        plan: what is left to train.
        workers: how many shards are trained at a time.
        dispatch: seconds that handing over costs.
    """

    def __init__(self, plan: Plan, workers: int, dispatch: float) -> None:
        self._workers, self._dispatch = workers, dispatch
        self._estimated = self._measured = 0.0
        self._waiting = list(reversed(plan.shards if dispatch == 0 else _whole(plan.shards)))
        self._left = sum(shard.seconds for shard in self._waiting)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def pace(self) -> float:
        """Seconds on a worker for each second of the estimate."""
        return self._measured / self._estimated if self._estimated else 1.0

    def works(self) -> Iterator[tuple[tuple[Shard, ...], ShardGroup]]:
        """All of it as work for an executor, each piece cut when it is asked for."""
        while self:
            shards = self.take()
            yield shards, _bundle(shards)

    def take(self) -> tuple[Shard, ...]:
        """What to hand over next."""
        if self._dispatch == 0:
            return (self._waiting.pop(),)
        target = self._target()
        taken: list[Shard] = []
        runs, seconds = 0, 0.0
        while self._waiting and (not taken or (seconds < target and runs < _MOST_RUNS)):
            shard = self._cut(target - seconds)
            taken.append(shard)
            runs, seconds = runs + len(shard.jobs), seconds + shard.seconds * self.pace
        self._left -= sum(shard.seconds for shard in taken)
        return tuple(taken)

    def learn(self, shards: Sequence[Shard], outcomes: Sequence[ShardResult]) -> None:
        """Take in how long a worker took."""
        for shard, done in zip(shards, outcomes, strict=True):
            if done.ended:
                self._measured += (done.ended - done.started) / 1e3
                self._estimated += shard.seconds

    def _target(self) -> float:
        """Seconds of work to hand over."""
        even = self._left * self.pace / (self._workers * _ROUNDS)
        if not self._estimated:
            even = min(even, _PROBE)
        return min(_MOST_SECONDS, max(self._dispatch / SHARE, even))

    def _cut(self, seconds: float) -> Shard:
        """So much of the group that comes next, or all of it."""
        group = self._waiting.pop()
        jobs = group.jobs
        one, whole = Shard(jobs[:1]).seconds, group.seconds
        each = (whole - one) / max(1, len(jobs) - 1)
        fits = (seconds / self.pace - one) / each if each > 0 else len(jobs)
        least = min(_LEAST_LANES, -(-len(jobs) // self._workers))
        most = chunk_width(group.spec.config, group.task)
        count = max(1, min(most, max(least, int(fits))))
        if count < len(jobs):
            self._waiting.append(Shard(jobs[count:]))
        return Shard(jobs[:count])


def _bundle(shards: Sequence[Shard]) -> ShardGroup:
    """What an executor is given of shards."""
    return ShardGroup(
        tuple(Work([job.config for job in shard.jobs], shard.task) for shard in shards)
    )


def _whole(shards: Sequence[Shard]) -> list[Shard]:
    """Shards of one shape as one again, however wide."""
    groups: dict[object, list[Shard]] = {}
    for shard in shards:
        groups.setdefault(shard.spec.together, []).append(shard)
    return [
        Shard(first.jobs.together([other.jobs for other in others]))
        for first, *others in groups.values()
    ]
