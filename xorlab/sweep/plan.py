"""What a sweep would do: its jobs, what is done already, and the shards that remain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xorlab.choices import TaskConfig
from xorlab.config import Config
from xorlab.credentials import without_credentials
from xorlab.identity import run_key, setting
from xorlab.initializers import wiring_of
from xorlab.memory import Need, need_of
from xorlab.optimizers import OPTIMIZERS
from xorlab.parameters import parameter_count
from xorlab.tasks import Task, make_task
from xorlab.training import chunk_width, layer_sizes, shard_key

# Measured on one core: what a call of NumPy costs, what a number in an array costs, per epoch.
_SECONDS_PER_PASS = 12e-6
_SECONDS_PER_NUMBER = 1.3e-9


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Attributes:
        num: its place in the sweep, from 0.
        overrides: as Hydra's sweeper spelt them.
        config: what they compose to, checked.
        key: the run's identity.
    """

    num: int
    overrides: tuple[str, ...]
    config: Config
    key: str

    def __str__(self) -> str:
        return without_credentials(" ".join(self.overrides)) or "(defaults)"


def make_job(num: int, overrides: Sequence[str], config: Config) -> Job:
    """A job with its key."""
    return Job(num, tuple(overrides), config, run_key(config))


@dataclass(frozen=True)
class Shard:
    """Jobs that are trained as one array program."""

    jobs: tuple[Job, ...]
    task: Task

    @property
    def seconds(self) -> float:
        """Estimated time on one core."""
        config, count = self.jobs[0].config, len(self.jobs)
        patterns, outputs = self.task.targets.shape
        sizes = layer_sizes(config, self.task)
        sums = sum(a * b for a, b in pairwise(sizes))
        if config.network.skip:
            sums += sizes[0] * outputs
        passes = patterns if config.training.update == "online" else 1
        numbers = patterns * (2 * sum(sizes[1:]) + sums) + 2 * sums
        # A rule that carries more than momentum makes some four passes over each of its arrays.
        optimizer = OPTIMIZERS[config.optimizer.name]
        carried = max(0, len(optimizer.states(config.optimizer)) - 1)
        numbers += passes * 4 * carried * parameter_count(sizes, wiring_of(config))
        calls = passes * (len(sizes) - 2) * max(1, outputs)
        epoch = calls * _SECONDS_PER_PASS + count * numbers * _SECONDS_PER_NUMBER
        return float(epoch * config.training.epochs)


@dataclass(frozen=True)
class Plan:
    """A sweep before it starts.

    Attributes:
        jobs: all of them, in order.
        finished: keys of runs that are in the store already.
        shards: what is left to train, largest first.
    """

    jobs: tuple[Job, ...]
    finished: frozenset[str]
    shards: tuple[Shard, ...]

    @property
    def settings(self) -> int:
        """How many configurations there are, seeds aside."""
        return len({tuple(map(str, setting(job.config).items())) for job in self.jobs})

    @property
    def seeds(self) -> int:
        """How many different seeds there are."""
        return len({job.config.seed for job in self.jobs})

    @property
    def duplicates(self) -> int:
        """Jobs that name the same run as an earlier one."""
        return len(self.jobs) - len({job.key for job in self.jobs})

    @property
    def skipped(self) -> int:
        """Runs that need not be trained again."""
        return len({job.key for job in self.jobs} & self.finished)

    @property
    def remaining(self) -> tuple[Job, ...]:
        """The jobs to train, in order: one for each run that is not finished."""
        return tuple(sorted((j for s in self.shards for j in s.jobs), key=lambda job: job.num))

    def need(self, workers: int) -> Need:
        """Estimated memory, where so many processes train; 0 where this one does."""
        runs = list({job.key: job.config for job in self.jobs}.values())
        shards = [(s.jobs[0].config, s.task, len(s.jobs)) for s in self.shards]
        return need_of(shards, runs, workers)

    def seconds(self, workers: int) -> float:
        """Estimated time to train what is left on so many workers."""
        if not self.shards:
            return 0.0
        total = sum(shard.seconds for shard in self.shards)
        return max(total / workers, max(shard.seconds for shard in self.shards))


class Tasks:
    """Tasks by configuration, each made once."""

    def __init__(self) -> None:
        self._made: dict[object, Task] = {}

    def make(self, config: TaskConfig) -> Task:
        """The task.

        Raises:
            ConfigError: it cannot be made, such as a table that is not there.
        """
        kind = tuple(vars(config).values())
        if kind not in self._made:
            self._made[kind] = make_task(config)
        return self._made[kind]


def make_plan(jobs: Sequence[Job], tasks: Tasks, finished: Collection[str], workers: int) -> Plan:
    """Group the unfinished jobs by shape and cut the groups to the cache and the workers."""
    groups: dict[object, list[Job]] = {}
    seen = set(finished)
    for job in jobs:
        if job.key in seen:
            continue
        seen.add(job.key)
        groups.setdefault(shard_key(job.config), []).append(job)
    shards = []
    for members in groups.values():
        config = members[0].config
        task = tasks.make(config.task)
        most = max(1, min(chunk_width(config, task), -(-len(members) // workers)))
        pieces = -(-len(members) // most)
        shards += [Shard(tuple(members[start::pieces]), task) for start in range(pieces)]
    shards.sort(key=lambda shard: shard.seconds, reverse=True)
    return Plan(tuple(jobs), frozenset(finished), tuple(shards))
