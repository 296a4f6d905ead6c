"""The jobs of a sweep, as columns: a sweep may have a million of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from xorlab.sweeps.plan.override_grid import OverrideGrid
from xorlab.sweeps.plan.run_key_list import KEY_BYTES, RunKeyList
from xorlab.system.credentials import without_credentials
from xorlab.trainers.spec import Spec, Specs
from xorlab.trainers.trainer import Trainer

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Attributes:
        num: its number, as Hydra counts.
        overrides: as Hydra's sweeper spells them.
        spec: its setting.
        seed: of its run.
        key: the run's identity.
        run: the run's number; jobs with the same key are one run.
    """

    num: int
    overrides: tuple[str, ...]
    spec: Spec
    seed: int
    key: str
    run: int

    @property
    def config(self) -> Any:
        """What the overrides compose to, checked."""
        return self.spec.run(self.seed)

    @property
    def label(self) -> str:
        """What messages call it, such as ``seed=2 network.hidden=4``."""
        return override_words(self.overrides)


def override_words(overrides: Sequence[str]) -> str:
    """What messages say of a job's overrides: not where it is recorded, which all jobs share."""
    own = (text for text in overrides if not text.startswith("tracking."))
    return without_credentials(" ".join(own)) or "(defaults)"


class Catalogue:
    """All jobs of a sweep so far, as columns with one entry per job.

    Attributes:
        trainer: that trains them.
        specs: makes the settings of all jobs, and reads each table once.
        settings: what the jobs differ in besides their seeds.
        number: the job's number, as Hydra counts.
        setting: index into ``settings``.
        seed: of its run.
        run: number of its run, counted from 0 in order of appearance; made by `since`.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.specs = trainer, Specs(trainer)
        self.settings: list[Spec] = []
        self.number, self.setting, self.seed = array("q"), array("q"), array("q")
        self.run: Numbers = np.zeros(0, np.int64)
        self._first: Numbers = self.run  # for each run, its first job
        self._keys = bytearray()  # `KEY_BYTES` for each job
        self._grids: list[tuple[int, Sequence[tuple[str, ...]]]] = []  # with their first jobs
        self._indices: dict[Spec, int] = {}

    def __len__(self) -> int:
        return len(self.number)

    def begin(self, grid: Sequence[Sequence[str]]) -> None:
        """Take the overrides of the jobs that are added next, as Hydra's sweeper spells them."""
        lasting = grid if isinstance(grid, OverrideGrid) else tuple(map(tuple, grid))
        self._grids.append((len(self), lasting))

    def add(self, number: int, spec: Spec, seed: int) -> None:
        """Add a job; its spec is one of `specs`."""
        if spec not in self._indices:
            self._indices[spec] = len(self.settings)
            self.settings.append(spec)
        self.number.append(number)
        self.setting.append(self._indices[spec])
        self.seed.append(seed)
        self._keys += bytes.fromhex(spec.key(seed))

    def key(self, run: int) -> str:
        """The key of a run, 32 hexadecimal digits."""
        start = KEY_BYTES * int(self._first[run])
        return self._keys[start : start + KEY_BYTES].hex()

    def keys(self, indices: Numbers) -> RunKeyList:
        """The keys of some jobs' runs."""
        keys = np.frombuffer(bytes(self._keys), f"V{KEY_BYTES}")
        return RunKeyList(keys[indices].tobytes())

    def job(self, index: int) -> Job:
        """One job, with what the columns have of it."""
        spec, run = self.settings[self.setting[index]], int(self.run[index])
        overrides = self._overrides(index)
        return Job(self.number[index], overrides, spec, self.seed[index], self.key(run), run)

    def since(self, index: int) -> Jobs:
        """The jobs from an index on."""
        if len(self.run) < len(self):
            # A dictionary of keys would take most of the memory of a large sweep.
            keys = np.frombuffer(bytes(self._keys), f"S{KEY_BYTES}")
            _, first, run = np.unique(keys, return_index=True, return_inverse=True)
            order = np.argsort(first)
            ranks = np.empty(len(order), np.int64)
            ranks[order] = np.arange(len(order))
            self.run, self._first = ranks[run], first[order]
        return Jobs(self, np.arange(index, len(self), dtype=np.int64))

    def _overrides(self, index: int) -> tuple[str, ...]:
        first, grid = self._grids[bisect_right(self._grids, index, key=itemgetter(0)) - 1]
        return grid[index - first]


class Jobs(Sequence[Job]):
    """Some jobs of a catalogue, as indices into its columns.

    Attributes:
        catalogue: that has them.
        indices: of the jobs, (N,).
    """

    def __init__(self, catalogue: Catalogue, indices: Numbers) -> None:
        self.catalogue, self.indices = catalogue, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Job]:
        return map(self.catalogue.job, self.indices.tolist())

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> Jobs: ...
    def __getitem__(self, index: int | slice) -> Job | Jobs:
        if isinstance(index, slice):
            return Jobs(self.catalogue, self.indices[index])
        return self.catalogue.job(int(self.indices[index]))

    @property
    def runs(self) -> npt.NDArray[np.int64]:
        """The number of each job's run, (N,)."""
        return self.catalogue.run[self.indices]

    @property
    def setting(self) -> npt.NDArray[np.int64]:
        """The number of each job's setting, (N,)."""
        return np.frombuffer(self.catalogue.setting, np.int64)[self.indices]

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The number of each job, as Hydra counts, (N,)."""
        return np.frombuffer(self.catalogue.number, np.int64)[self.indices]

    @property
    def seeds(self) -> npt.NDArray[np.int64]:
        """Of each job, (N,)."""
        return np.frombuffer(self.catalogue.seed, np.int64)[self.indices]

    def run_keys(self) -> RunKeyList:
        """Keys of the runs that they name, in order of appearance."""
        return self.catalogue.keys(self.first_of_each_run().indices)

    def first_of_each_run(self) -> Jobs:
        """Without those that name the same run as an earlier one."""
        _, first = np.unique(self.runs, return_index=True)
        return Jobs(self.catalogue, self.indices[np.sort(first)])

    def settings(self) -> Iterator[tuple[Spec, int]]:
        """The different settings in order of appearance, and how many jobs have each."""
        numbers, counts = np.unique(self.setting, return_counts=True)
        _, first = np.unique(self.setting, return_index=True)
        for index in np.argsort(first):
            yield self.catalogue.settings[numbers[index]], int(counts[index])

    def data_lines(self) -> list[str]:
        """What their trainers say about their data, each line once."""
        lines = (spec.trainer.data_line(spec.data) for spec, _ in self.settings())
        return list(dict.fromkeys(line for line in lines if line is not None))

    def together(self, others: Sequence[Jobs]) -> Jobs:
        """These and others of the same catalogue."""
        return Jobs(self.catalogue, np.concatenate([self.indices, *(o.indices for o in others)]))


def catalogued(grid: Sequence[Sequence[str]], configs: Sequence[Any], trainer: Trainer) -> Jobs:
    """Jobs from their overrides and what these compose to."""
    catalogue = Catalogue(trainer)
    catalogue.begin(grid)
    for number, config in enumerate(configs):
        catalogue.add(number, catalogue.specs.of(config), config.seed)
    return catalogue.since(0)
