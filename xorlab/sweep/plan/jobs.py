"""The jobs of a sweep. What they share is kept once, for a sweep may have a million of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from xorlab.config.schema import Config
from xorlab.networks.spec import Spec, Specs
from xorlab.system.credentials import without_credentials

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    Attributes:
        num: its place in the sweep, from 0.
        overrides: as Hydra's sweeper spelt them.
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
    def config(self) -> Config:
        """What the overrides compose to, checked."""
        return self.spec.run(self.seed)

    @property
    def label(self) -> str:
        """What messages call it, such as ``job 3 (seed=2 network.hidden=4)``."""
        overrides = without_credentials(" ".join(self.overrides)) or "(defaults)"
        return f"job {self.num} ({overrides})"


class Catalogue:
    """All jobs of a sweep so far, in columns: a job costs a hundred bytes or two, not a thousand.

    Attributes:
        specs: makes the settings of all jobs, and reads each table once.
        settings: what the jobs differ in besides their seeds.
        setting: for each job, the number of its setting.
        run: for each job, the number of its run.
    """

    def __init__(self) -> None:
        self.specs = Specs()
        self.settings: list[Spec] = []
        self.setting = array("q")
        self.run = array("q")
        self._seeds = array("q")
        self._grids: list[tuple[int, int, Sequence[Sequence[str]]]] = []
        self._runs: dict[bytes, int] = {}
        self._keys = bytearray()
        self._known: dict[Spec, int] = {}

    def __len__(self) -> int:
        return len(self.setting)

    def begin(self, grid: Sequence[Sequence[str]], first: int) -> None:
        """What is added from now on has these overrides, and its numbers from ``first`` on."""
        self._grids.append((len(self), first, grid))

    def add(self, spec: Spec, seed: int) -> None:
        """Take in the next job; its spec is one of `specs`."""
        if spec not in self._known:
            self._known[spec] = len(self.settings)
            self.settings.append(spec)
        key = bytes.fromhex(spec.key(seed))
        if key not in self._runs:
            self._runs[key] = len(self._runs)
            self._keys += key
        self.setting.append(self._known[spec])
        self.run.append(self._runs[key])
        self._seeds.append(seed)

    def key(self, run: int) -> str:
        """Of a run by its number: 32 hexadecimal digits."""
        return self._keys[16 * run : 16 * run + 16].hex()

    def seeds(self, places: Places) -> npt.NDArray[np.int64]:
        """Of jobs, by their places."""
        return np.frombuffer(self._seeds, np.int64)[places]

    def job(self, place: int) -> Job:
        """The job at a place, counted over all grids."""
        start, first, grid = self._grids[bisect_right(self._grids, place, key=lambda g: g[0]) - 1]
        spec, seed = self.settings[self.setting[place]], self._seeds[place]
        run = self.run[place]
        offset = place - start
        return Job(first + offset, tuple(grid[offset]), spec, seed, self.key(run), run)

    def since(self, place: int) -> Jobs:
        """The jobs from a place on."""
        return Jobs(self, np.arange(place, len(self), dtype=np.int64))


class Jobs(Sequence[Job]):
    """Some jobs of a catalogue, each made when somebody looks at it.

    Attributes:
        catalogue: that has them.
        places: where in it, (N,).
    """

    def __init__(self, catalogue: Catalogue, places: Places) -> None:
        self.catalogue, self.places = catalogue, places

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Job]:
        return map(self.catalogue.job, self.places.tolist())

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> Jobs: ...
    def __getitem__(self, index: int | slice) -> Job | Jobs:
        if isinstance(index, slice):
            return Jobs(self.catalogue, self.places[index])
        return self.catalogue.job(int(self.places[index]))

    @property
    def runs(self) -> npt.NDArray[np.int64]:
        """The number of each job's run, (N,)."""
        return np.frombuffer(self.catalogue.run, np.int64)[self.places]

    @property
    def setting(self) -> npt.NDArray[np.int64]:
        """The number of each job's setting, (N,)."""
        return np.frombuffer(self.catalogue.setting, np.int64)[self.places]

    @property
    def seeds(self) -> npt.NDArray[np.int64]:
        """Of each job, (N,)."""
        return self.catalogue.seeds(self.places)

    def run_keys(self) -> dict[str, int]:
        """Keys of the runs that they name, in order, each with its run's number."""
        return {self.catalogue.key(run): run for run in dict.fromkeys(self.runs.tolist())}

    def first_of_each_run(self) -> Jobs:
        """Without those that name the same run as an earlier one."""
        _, first = np.unique(self.runs, return_index=True)
        return Jobs(self.catalogue, self.places[np.sort(first)])

    def settings(self) -> Iterator[tuple[Spec, int]]:
        """The different settings in order of appearance, and how many jobs have each."""
        numbers, counts = np.unique(self.setting, return_counts=True)
        _, first = np.unique(self.setting, return_index=True)
        for place in np.argsort(first):
            yield self.catalogue.settings[numbers[place]], int(counts[place])

    def together(self, others: Sequence[Jobs]) -> Jobs:
        """These and others of the same catalogue."""
        return Jobs(self.catalogue, np.concatenate([self.places, *(o.places for o in others)]))


def catalogued(grid: Sequence[Sequence[str]], configs: Sequence[Config]) -> Jobs:
    """Jobs from their overrides and what these compose to."""
    catalogue = Catalogue()
    catalogue.begin(grid, 0)
    for config in configs:
        catalogue.add(catalogue.specs.of(config), config.seed)
    return catalogue.since(0)
