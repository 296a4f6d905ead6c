"""What differs between configurations that are trained together, as columns of numbers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.config.values import with_values
from xorlab.landscapes.plane_configs import PlaneConfigs
from xorlab.networks.columns import NetworkColumns, TrainingSpec
from xorlab.networks.config import Config
from xorlab.networks.criterion import solving_limit
from xorlab.networks.initial_weights import initial_parameters, plane_parameters
from xorlab.networks.losses.loss import Loss
from xorlab.networks.optimizers.optimizer import Optimizer
from xorlab.networks.stopping.rule import StoppingRule
from xorlab.networks.training_config import TrainingConfig
from xorlab.networks.updates.update import UpdateSchedule

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.int64]

# Beside a run's seed: the generators of the order of its patterns, and of what its states draw.
_ORDER, _STATES = 1, 2


@dataclass(frozen=True)
class Members:
    """What differs between N networks.

    Attributes:
        parameters: (K, N) weights and biases.
        optimizer: its numbers are (N,) arrays where the networks differ.
        trainings: the different sections ``training``.
        training_of: (N,) which of them each has.
        seeds: (N,).
    """

    parameters: Floats
    optimizer: Optimizer
    trainings: Sequence[TrainingConfig]
    training_of: Indices
    seeds: Sequence[int]

    def columns(self, spec: TrainingSpec) -> NetworkColumns:
        """A column of numbers for each network."""
        dtype, count = spec.shape.dtype, len(self.seeds)
        scale = Loss.choices()[spec.shape.loss].scale(spec.seen, spec.shape.sizes[-1])
        values: dict[str, Any] = self.optimizer.values()
        # A step is the gradient times the rate: so is what its length is compared with.
        least = [np.nan if t.min_gradient is None else t.min_gradient for t in self.trainings]
        min_gradient = np.array(least, np.float64)[self.training_of] * values["rate"]
        values["rate"] = values["rate"] * scale
        with np.errstate(over="ignore", under="ignore"):  # as in `_column`
            parameters = self.parameters.astype(dtype)
        states = [
            np.empty((1 if state.shared else len(parameters), count), dtype)
            for state in spec.states
        ]
        for array, state in zip(states, spec.states, strict=True):
            start, high = state.start(self.optimizer), state.high(self.optimizer)
            array[:] = _column(start, count, dtype) if high is None else self._drawn(start, high)
        held_out = spec.task.validation
        limits, validation_limits = (
            _column(self._limits(spec, patterns), count, dtype)
            for patterns in (len(spec.task.inputs), 0 if held_out is None else len(held_out.inputs))
        )
        drawing = self.seeds if UpdateSchedule.choices()[spec.update].draws else []
        return NetworkColumns(
            parameters,
            states,
            {name: _column(value, count, dtype) for name, value in values.items()},
            limits,
            validation_limits,
            _column(min_gradient, count, dtype),
            {name: self._stopping_columns(name, dtype) for name in spec.stopping},
            trials=_trials(count) if Optimizer.choices()[spec.optimizer].searches else {},
            generators=tuple(np.random.default_rng([seed, _ORDER]) for seed in drawing),
        )

    def _drawn(self, low: Any, high: Any) -> Floats:
        """(K, N) values between two numbers, each () or (N,), as each network's seed draws them."""
        drawn = np.empty(self.parameters.shape)
        for column, seed in zip(drawn.T, self.seeds, strict=True):
            column[:] = np.random.default_rng([seed, _STATES]).random(len(column))
        return np.asarray(low + (high - low) * drawn)

    def _limits(self, spec: TrainingSpec, patterns: int) -> npt.NDArray[Any]:
        limits = [solving_limit(training, spec.task, patterns) for training in self.trainings]
        return np.array(limits)[self.training_of]

    def _stopping_columns(self, rule: str, dtype: str) -> dict[str, npt.NDArray[Any]]:
        kind, count = StoppingRule.choices()[rule], len(self.seeds)
        rows = [kind.columns(training) or {} for training in self.trainings]
        columns = {
            name: np.array([row[name] for row in rows])[self.training_of] for name in rows[0]
        }
        return {
            name: _column(column, count, dtype) if column.dtype.kind == "f" else column
            for name, column in columns.items()
        }


def members_of(configs: Sequence[Config], sizes: Sequence[int]) -> Members:
    """What differs between configurations that can be trained together.

    Args:
        configs: at least one.
        sizes: units per layer, inputs first, outputs last.
    """
    if isinstance(configs, PlaneConfigs):
        return _of_plane(configs, sizes)
    numbers: dict[int, int] = {}
    trainings: list[TrainingConfig] = []
    for config in configs:
        if numbers.setdefault(id(config.training), len(trainings)) == len(trainings):
            trainings.append(config.training)
    return Members(
        initial_parameters(configs, sizes),
        _stacked([config.optimizer for config in configs]),
        trainings,
        np.array([numbers[id(config.training)] for config in configs]),
        [config.seed for config in configs],
    )


def _stacked(optimizers: Sequence[Optimizer]) -> Optimizer:
    """One with arrays in the place of numbers that differ."""
    whole = copy.copy(optimizers[0])
    for name, value in vars(whole).items():
        if type(value) in (int, float):
            column = np.array([vars(one)[name] for one in optimizers], np.float64)
            if column.tobytes() != column[:1].tobytes() * len(column):
                vars(whole)[name] = column  # an attribute would become a list
    return whole


def _of_plane(configs: PlaneConfigs, sizes: Sequence[int]) -> Members:
    base, count = configs.base, len(configs)
    optimizer = copy.copy(base.optimizer)
    trained: dict[str, npt.NDArray[Any]] = {}
    for key, column in configs.values.items():
        group, _, name = key.partition(".")
        if group == "optimizer":
            vars(optimizer)[name] = column
        elif group == "training":
            trained[key] = column
    trainings, training_of = [base.training], np.zeros(count, np.int64)
    if trained:
        rows, found = np.unique(np.stack([*trained.values()]), axis=1, return_inverse=True)
        training_of = found.reshape(-1)
        trainings = [
            with_values(base, dict(zip(trained, row, strict=True))).training
            for row in rows.T.tolist()
        ]
    parameters = plane_parameters(base, configs.values, count, sizes)
    return Members(parameters, optimizer, trainings, training_of, [base.seed] * count)


def _trials(count: int) -> dict[str, npt.NDArray[Any]]:
    return {"evaluations": np.zeros(count, np.int64), "ended": np.zeros(count, np.bool_)}


def _column(value: Any, count: int, dtype: str) -> Floats:
    # A rate beyond float32 becomes infinite there: that network diverges at its first step.
    with np.errstate(over="ignore", under="ignore"):
        return np.broadcast_to(np.asarray(value), (count,)).astype(dtype)
