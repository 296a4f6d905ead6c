"""What training costs, before anybody has measured it: the model behind plans and cuts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from xorlab.analysis.counts import duration
from xorlab.networks.compiled.code import LANES
from xorlab.networks.compiled.machine import installed
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import wiring_of
from xorlab.networks.parameters import parameter_count
from xorlab.networks.schedule import record_steps
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import layer_sizes, shard_key
from xorlab.networks.training_config import COMPILED
from xorlab.networks.updates.update import UpdateSchedule, seen_of

# Measured on one core, per epoch: what a call of NumPy costs, and what a number in an array costs.
# As NumPy begins each row of an array (one number for each network) anew, a row takes as long as
# with some more networks. And what a network costs before its first epoch and after its last.
_SECONDS_PER_PASS = 30e-6
_SECONDS_PER_NUMBER = 1.8e-9
_NETWORKS_PER_ROW = 20
_SECONDS_PER_NETWORK = 20e-6
_SECONDS_PER_DRAW = 20e-9  # of one pattern's place in the order of an epoch

# The same where whole epochs are compiled: of a number, of a recorded step, and of compiling.
_COMPILED_PER_NUMBER = 0.4e-9
_COMPILED_PER_POINT = 60e-6
_PER_COMPILATION = 1.0
_STRETCHES = 16  # of an epoch that is compiled as a whole
_WORTH_IT = 10.0  # seconds to be saved


def seconds_of(config: Config, task: Task, count: int) -> float:
    """Estimated time on one core to train so many networks together, compiling apart."""
    compiled = config.training.backend == COMPILED and epochs_are_compiled(config, task)
    return _seconds(config, task, count, compiled)


def epochs_are_compiled(config: Config, task: Task) -> bool:
    """Whether whole epochs can be compiled, and not only what is between calls of NumPy."""
    schedule = UpdateSchedule.choices()[config.training.update]
    return schedule.stretches(task.inputs) <= _STRETCHES and not config.optimizer.searches


def backend_rows(shards: Sequence[tuple[Config, Task, int]]) -> dict[str, str]:
    """What a plan says about the backend: what compiling takes, or what it would save."""
    shapes = {shard_key(config): (config, task) for config, task, _ in shards}
    whole = [epochs_are_compiled(*shape) for shape in shapes.values()]
    compiling = _PER_COMPILATION * len(shapes)
    if any(config.training.backend == COMPILED for config, _, _ in shards):
        each = f"about {duration(compiling)} in each worker, less where it was done before"
        some = f"; {whole.count(False)} of {len(whole)} shapes only in part" * (not all(whole))
        return {"compiling": each + some}
    spent = sum(_seconds(*shard, compiled=False) for shard in shards)
    other = compiling + sum(
        _seconds(config, task, count, epochs_are_compiled(config, task))
        for config, task, count in shards
    )
    if not all(whole) or spent - other < _WORTH_IT:
        return {}
    hint = "" if installed() else " (pip install 'xorlab[compiled]')"
    share = f"would take about {100 * other / spent:.0f} % of that time{hint}"
    return {"training.backend=compiled": share}


def _seconds(config: Config, task: Task, count: int, compiled: bool) -> float:
    patterns, outputs = task.targets.shape
    sizes = layer_sizes(config, task)
    sums = sum(a * b for a, b in pairwise(sizes))
    wiring = wiring_of(config)
    sums += sum(sizes[below] * sizes[above] for below, above in wiring.shortcuts(sizes).values())
    weights = parameter_count(sizes, wiring)
    passes = -(-patterns // seen_of(config.training, patterns)) + config.optimizer.trials
    numbers = (1 + config.optimizer.trials) * patterns * (2 * sum(sizes[1:]) + sums) + 2 * sums
    if config.optimizer.needs_jacobian:
        numbers += patterns * outputs * weights**2 + config.optimizer.trials * weights**3 // 3
    if task.validation is not None:
        looks = 1 / config.training.validate_every
        numbers += looks * len(task.validation.inputs) * (sum(sizes[1:]) + sums)
    # A rule that carries more than momentum makes some four passes over each of its arrays.
    carried = max(0, len(config.optimizer.states()) - 1)
    numbers += passes * 4 * carried * weights
    apart = count * _SECONDS_PER_NETWORK
    if UpdateSchedule.choices()[config.training.update].draws:
        apart += config.training.epochs * count * patterns * _SECONDS_PER_DRAW
    if compiled:
        points = len(record_steps(config.training.epochs, config.training.record_every))
        trained = max(count, LANES) * numbers * _COMPILED_PER_NUMBER * config.training.epochs
        return float(trained + points * _COMPILED_PER_POINT + apart)
    calls = passes * max(1, len(sizes) - 2) * max(1, outputs)
    epoch = calls * _SECONDS_PER_PASS
    epoch += (count + _NETWORKS_PER_ROW) * numbers * _SECONDS_PER_NUMBER
    return float(epoch * config.training.epochs + apart)
