"""What a sweep would do: its jobs, what is done already, and the shards that remain."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

import numpy as np

from xorlab.sweeps.plan.jobs import Jobs
from xorlab.trainers.memory import MemoryEstimate
from xorlab.trainers.spec import Spec
from xorlab.trainers.trainer import Data, Trainer

_LONGEST = 2.5  # seconds of a shard: so long to the first result, and so much a stop may cost
_FIXED_SHARE = 0.1  # of a shard's time may be what one run alone would take too


@dataclass(frozen=True)
class Shard:
    """Jobs that are trained in one call."""

    jobs: Jobs

    @property
    def spec(self) -> Spec:
        """The setting of its first job; the others can be trained together with it."""
        return self.jobs.catalogue.settings[int(self.jobs.setting[0])]

    @property
    def trainer(self) -> Trainer:
        """That trains it."""
        return self.spec.trainer

    @property
    def data(self) -> Data:
        """What the trainer has read for all its jobs."""
        return self.spec.data

    @property
    def seconds(self) -> float:
        """Estimated time on one core."""
        return self.trainer.seconds(self.spec.config, self.data, len(self.jobs))

    @property
    def width(self) -> int:
        """How many such jobs to train in one call, at most."""
        return self.trainer.width(self.spec.config, self.data)

    @property
    def line(self) -> tuple[float, float]:
        """Seconds that the call takes whatever the number of its jobs, and seconds for each."""
        one = Shard(self.jobs[:1]).seconds
        each = (self.seconds - one) / max(1, len(self.jobs) - 1)
        return one - each, each


@dataclass(frozen=True)
class Plan:
    """A sweep before it starts.

    Attributes:
        jobs: all of them, in order.
        skipped: how many of their runs are in the store already.
        remaining: the jobs to train, in order: one for each run that is not finished.
        shards: the same, as they are to be trained, largest first.
    """

    jobs: Jobs
    skipped: int
    remaining: Jobs
    shards: tuple[Shard, ...]

    @property
    def settings(self) -> int:
        """How many configurations there are, seeds aside."""
        return len({tuple(map(str, spec.values.items())) for spec, _ in self.jobs.settings()})

    @property
    def seeds(self) -> int:
        """How many different seeds there are."""
        return len(np.unique(self.jobs.seeds))

    @property
    def duplicates(self) -> int:
        """Jobs that name the same run as an earlier one."""
        return len(self.jobs) - self.skipped - len(self.remaining)

    def need(self, workers: int) -> MemoryEstimate:
        """Estimated memory, where so many processes train; 0 where this one does."""
        shards = [(s.spec.config, s.data, len(s.jobs)) for s in self.shards]
        runs = [(spec.config, n) for spec, n in self.jobs.first_of_each_run().settings()]
        return self.jobs.catalogue.trainer.memory(shards, runs, workers)

    def seconds(self, workers: int) -> float:
        """Estimated time to train what is left on so many workers."""
        if not self.shards:
            return 0.0
        total = sum(shard.seconds for shard in self.shards)
        return max(total / workers, max(shard.seconds for shard in self.shards))


def make_plan(jobs: Jobs, finished: Container[int], workers: int) -> Plan:
    """Group the unfinished jobs by shape and cut the groups to the cache and the workers.

    Args:
        jobs: all of them.
        finished: numbers of the runs that need no training.
        workers: how many shards are trained at a time.
    """
    first = jobs.first_of_each_run()
    left = [run not in finished for run in first.runs.tolist()]
    remaining = Jobs(jobs.catalogue, first.indices[np.array(left, bool)])
    shards = []
    for members in _by_shape(remaining):
        most = max(1, min(_most_together(Shard(members)), -(-len(members) // workers)))
        pieces = -(-len(members) // most)
        shards += [Shard(members[start::pieces]) for start in range(pieces)]
    shards.sort(key=lambda shard: shard.seconds, reverse=True)
    return Plan(jobs, len(first) - len(remaining), remaining, tuple(shards))


def _most_together(group: Shard) -> int:
    """How many jobs of a group make a shard that is wide enough, and not too long."""
    fixed, each = group.line
    if not group.trainer.knows_time or each <= 0:
        return group.width
    short, efficient = (_LONGEST - fixed) / each, fixed / (_FIXED_SHARE * each)
    return min(group.width, max(1, int(short), int(efficient)))


def _by_shape(jobs: Jobs) -> Iterator[Jobs]:
    """Jobs that can be trained in one call, together."""
    shapes: dict[object, int] = {}
    specs = jobs.catalogue.settings
    shape_of = [shapes.setdefault(spec.together, len(shapes)) for spec in specs]
    shape = np.array(shape_of, np.int64)[jobs.setting]
    order = np.argsort(shape, kind="stable")
    ends = np.flatnonzero(np.diff(shape[order])) + 1
    groups = [Jobs(jobs.catalogue, part) for part in np.split(jobs.indices[order], ends)]
    return iter(sorted(filter(len, groups), key=lambda group: int(group.indices[0])))
