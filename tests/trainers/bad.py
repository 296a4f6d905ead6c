"""Trainers that break one promise each; `BROKEN` names the check that must find it."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import xorlab
from xorlab.trainers.function import FunctionTrainer

_calls = itertools.count()
_runs = itertools.count()


@dataclass
class Plain:
    seed: int = 0
    size: int = 3


def result_of(config: Plain, shift: float = 0.0) -> xorlab.Result:
    values = np.random.default_rng(config.seed).random(config.size) + shift
    return xorlab.Result(
        "unsolved", config.size - 1, curves={"loss": (np.arange(config.size), values)}
    )


@xorlab.trainer()
def writes(config: Plain) -> xorlab.Result:
    Path("left").write_text("here")
    return result_of(config)


@xorlab.trainer()
def sets(config: Plain) -> xorlab.Result:
    os.environ["XORLAB_LEFT"] = str(config.seed)
    return result_of(config)


@xorlab.trainer()
def counts(config: Plain) -> xorlab.Result:
    return result_of(config, next(_calls))


@xorlab.trainer()
def draws(config: Plain) -> xorlab.Result:
    state = random.getstate()
    shift = random.random()
    random.setstate(state)
    return result_of(config, shift)


@xorlab.trainer()
def ignores(config: Plain) -> xorlab.Result:
    return result_of(Plain(0, config.size))


@xorlab.trainer()
def contradicts(config: Plain) -> xorlab.Result:
    return xorlab.Result("solved", 3, metrics={"drawn": float(config.seed)})


@xorlab.trainer()
def at_home(config: Plain) -> xorlab.Result:
    return result_of(config, float(os.getpid()))


@xorlab.trainer()
def mixes(config: Plain) -> xorlab.Result:
    return result_of(config)


@mixes.many()
def mixes_many(configs: Sequence[Plain]) -> list[xorlab.Result]:
    return [result_of(config, n) for n, config in enumerate(configs)]


@xorlab.trainer()
def swallows(config: Plain) -> xorlab.Result:
    total = 0.0
    for n in range(200):
        try:
            total += n
        except BaseException:
            total = 0.0
    try:
        return result_of(config, total)
    except BaseException:
        return result_of(config, total)


@xorlab.trainer()
def shortens(config: Plain) -> xorlab.Result:
    """Not deterministic: every run has fewer lines than the one before."""
    total = 0
    for n in range(max(1, 100 - 20 * next(_runs))):
        total += n
    return result_of(config, total)


class Closed:
    def __del__(self) -> None:
        sum(range(3))


@xorlab.trainer()
def closes(config: Plain) -> xorlab.Result:
    """Most of its lines are of a method in which Python ignores what is raised."""
    for _ in range(50):
        Closed()
    return result_of(config)


def unstable() -> FunctionTrainer[Plain]:
    """One whose identity depends on what was asked before."""

    class Unstable(FunctionTrainer[Plain]):
        def run_keys(self, params, data):
            return super().run_keys({**params, "asked": next(_calls)}, data)

    return Unstable(result_of, Plain, 1, "unstable")


BROKEN = {
    "leaves no trace": writes,
    "the same configuration gives the same result": counts,
    "uses no global random state": draws,
    "the seed matters": ignores,
    "the outcome agrees with times and curves": contradicts,
    "runs in a fresh process": at_home,
    "its identity is stable": unstable(),
    "a batch equals single runs": mixes,
    "an interrupt ends it": swallows,
}
