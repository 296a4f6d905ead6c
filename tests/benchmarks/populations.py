"""Populations of epochs to solve, from which the simulations of statistics draw their runs.

Lognormal times, of which the truth is known exactly, and XOR networks trained for the purpose:
with wide ranges of initial weights a few of them are solved after a handful of epochs, long before
the others, and the same seed tends to end alike at two learning rates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import special

import xorlab

Floats = npt.NDArray[np.float64]
MEDIAN = 100
SHARES = (0.25, 0.5, 0.75)
RANGES = (0.5, 1.0, 2.0, 4.0, 8.0)  # of initial weights
APART = (0.5, 2.0, 8.0)  # the best of them and the two worst
RATES = (2.0, 0.5, 0.2)  # learning rates, of which one is clearly the best
LIMIT = 10_000  # epochs of a trained network


class Population(Protocol):
    """What runs are drawn from."""

    name: str
    limit: int

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> Floats:
        """Epochs to solve, infinite where not solved, ascending along the last axis."""

    def solved_by(self) -> Floats:
        """(limit + 1,) probability of being solved by each epoch."""


@dataclass(frozen=True)
class Lognormal:
    """Runs of which a share would be solved, with a lognormal spread of epochs, up to a limit."""

    rate: float
    spread: float
    limit: int
    faster: float = 1.0

    @property
    def name(self) -> str:
        return f"lognormal {self.rate} {self.spread}"

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> Floats:
        epochs = MEDIAN / self.faster * np.exp(self.spread * generator.standard_normal(shape))
        epochs = np.ceil(epochs)
        epochs[(generator.random(shape) >= self.rate) | (epochs > self.limit)] = np.inf
        return np.sort(epochs, axis=-1)

    def solved_by(self) -> Floats:
        with np.errstate(divide="ignore"):
            scaled = np.log(np.arange(self.limit + 1) * self.faster / MEDIAN) / self.spread
        return self.rate * special.ndtr(scaled)


@dataclass(frozen=True, eq=False)
class Trained:
    """Networks that were trained; runs are drawn from them with replacement."""

    name: str
    epochs: Floats
    limit: int = LIMIT

    def draw(self, shape: tuple[int, ...], generator: np.random.Generator) -> Floats:
        return np.sort(generator.choice(self.epochs, shape), axis=-1)

    def solved_by(self) -> Floats:
        at = np.arange(self.limit + 1)
        return np.searchsorted(np.sort(self.epochs), at, side="right") / len(self.epochs)


def costs(population: Population) -> Floats:
    """(limit + 1,) true ERT by cutoff, infinite at 0; every run costs at least one epoch."""
    f = population.solved_by()
    spent = np.concatenate([[0.0], np.cumsum(1 - f[:-1])]) + f[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        ert = np.where(f > 0, spent / f, np.inf)
    ert[0] = np.inf
    return ert


def truth(population: Population) -> dict[str, float]:
    """The true value of every statistic."""
    f, ert = population.solved_by(), costs(population)
    best = int(np.argmin(ert))
    values = {"rate": f[-1], "rmst": np.sum(1 - f[:-1]), "ert": ert[-1], "cutoff": best}
    values |= {"ert_cutoff": ert[best]}
    for share in SHARES:
        values[f"q{100 * share:.0f}"] = np.argmax(f >= share) if f[-1] > share else np.nan
    return values


@cache
def trained(init_range: float, lr: float, networks: int) -> Trained:
    """2-2-1 networks on XOR, by gradient descent, from U(-range, range), seeds from 0."""
    first = xorlab.configure(
        "init=uniform",
        f"init.range={init_range}",
        f"optimizer.lr={lr}",
        f"training.epochs={LIMIT}",
        "training.stop_when_solved=true",
        f"training.record_every={LIMIT}",
    )
    results = xorlab.train_many([replace(first, seed=seed) for seed in range(networks)])
    epochs = [np.inf if one.epochs_to_solve is None else one.epochs_to_solve for one in results]
    return Trained(f"XOR, range {init_range:g}", np.array(epochs, float))


@cache
def winners(networks: int) -> dict[str, list[Trained]]:
    """Sweeps whose cheapest setting is to be named: of close, of distant and of clear costs."""
    return {
        "ranges of which two are close": [trained(each, 2.0, networks) for each in RANGES],
        "ranges that lie apart": [trained(each, 2.0, networks) for each in APART],
        "learning rates of which one is clearly best": [
            trained(0.5, each, networks) for each in RATES
        ],
    }
