"""Training: configurations in, results out; no clock, no global state, no file but a task's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from xorlab.batch import Lanes, Recipe, padded
from xorlab.checks import check
from xorlab.config import Config
from xorlab.initializers import initial_layers
from xorlab.losses import LOSSES
from xorlab.network import Pass, Shape
from xorlab.optimizers import OPTIMIZERS
from xorlab.parameters import Parameters, pack, parameter_count
from xorlab.program import Program
from xorlab.result import Layers, Result
from xorlab.schedule import record_steps
from xorlab.tasks import Task, make_task
from xorlab.trainer import Trainer

# Bytes of arrays that one chunk of networks may use: measured best between the second-level
# cache and few calls. See the benchmark.
CHUNK_BYTES = 6 << 20
MAX_LANES = 8192

ShardKey = tuple[object, ...]
Floats = npt.NDArray[np.floating]


def train(config: Config) -> Result:
    """Train one network: a batch of one.

    Raises:
        ConfigError: the configuration cannot be trained.
    """
    return train_many([config])[0]


def train_many(configs: Iterable[Config]) -> list[Result]:
    """Train any mixture of configurations, those of one shape together.

    Returns:
        one result per configuration, in their order. Each is, bit for bit, what `train` returns
        for that configuration alone.

    Raises:
        ConfigError: a configuration cannot be trained; nothing was trained then.
    """
    configs = list(configs)
    for config in configs:
        check(config)
    groups: dict[ShardKey, list[int]] = {}
    for index, config in enumerate(configs):
        groups.setdefault(shard_key(config), []).append(index)
    tasks = {key: make_task(configs[members[0]].task) for key, members in groups.items()}
    results: dict[int, Result] = {}
    for key, members in groups.items():
        width = chunk_width(configs[members[0]], tasks[key])
        for start in range(0, len(members), width):
            chunk = members[start : start + width]
            trained = train_chunk([configs[index] for index in chunk], tasks[key])
            results.update(zip(chunk, trained, strict=True))
    return [results[index] for index in range(len(configs))]


def shard_key(config: Config) -> ShardKey:
    """Equal for configurations that can be trained as one array program."""
    training, network = config.training, config.network
    return (
        tuple(vars(config.task).values()),
        (config.hidden, network.activation, network.output, network.slope),
        (config.optimizer.name, OPTIMIZERS[config.optimizer.name].flags(config.optimizer)),
        (training.loss, training.update, training.dtype, training.target_loss is None),
        (training.epochs, training.record_every, training.stop_when_solved),
    )


def chunk_width(config: Config, task: Task) -> int:
    """How many networks like this one to train as one array, so that it fits the cache."""
    sizes = _sizes(config, task)
    widest = max(sizes[1:])
    activations = len(task.inputs) * (2 * sum(sizes[1:]) + 2 * widest + 3 * sizes[-1])
    per_lane = np.dtype(config.training.dtype).itemsize * (activations + 3 * parameter_count(sizes))
    return max(64, min(MAX_LANES, CHUNK_BYTES // per_lane // 64 * 64))


def train_chunk(configs: Sequence[Config], task: Task) -> list[Result]:
    """Train configurations with one `shard_key` as one array, however many they are."""
    first = configs[0]
    optimizer = OPTIMIZERS[first.optimizer.name]
    sizes = _sizes(first, task)
    recipe = Recipe(
        shape=_shape(first, sizes),
        task=task,
        optimizer=first.optimizer.name,
        flags=optimizer.flags(first.optimizer),
        online=first.training.update == "online",
        by_loss=first.training.target_loss is not None,
        states=optimizer.state(first.optimizer),
    )
    steps = record_steps(first.training.epochs, first.training.record_every)
    lanes = _lanes(configs, recipe)
    return Trainer(recipe, lanes, steps, first.training.stop_when_solved).run()


def predict(config: Config, result: Layers, inputs: Floats) -> Floats:
    """What a trained network answers.

    Args:
        config: that the network was trained with.
        result: of the training, or what `xorlab.load_weights` gives for its run.
        inputs: (P, I), any patterns.

    Returns:
        (P, O) outputs.
    """
    sizes = (inputs.shape[1], *config.hidden, result.biases[-1].shape[0])
    program = Program(config.training.dtype)
    parameters = Parameters.empty(program, sizes, padded(1))
    parameters.packed[:] = pack(result.weights, result.biases)[:, None]
    targets = np.zeros((len(inputs), sizes[-1]))
    patterns = inputs.astype(np.float64)
    network = Pass(_shape(config, sizes), patterns, targets, None, parameters)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for call in network.forward().calls:
            call()
    return network.outputs[..., 0].copy()


def _shape(config: Config, sizes: tuple[int, ...]) -> Shape:
    return Shape(
        sizes=sizes,
        activation=config.network.activation,
        output=config.network.output,
        slope=config.network.slope,
        loss=config.training.loss,
        dtype=config.training.dtype,
    )


def _sizes(config: Config, task: Task) -> tuple[int, ...]:
    return (task.inputs.shape[1], *config.hidden, task.targets.shape[1])


def _lanes(configs: Sequence[Config], recipe: Recipe) -> Lanes:
    sizes, dtype, patterns = recipe.shape.sizes, recipe.shape.dtype, len(recipe.task.inputs)
    summed = 1 if recipe.online else patterns
    scale = LOSSES[recipe.shape.loss].scale(summed, sizes[-1])
    parameters = np.empty((parameter_count(sizes), len(configs)), dtype)
    legacy = np.random.RandomState(0)
    for lane, config in enumerate(configs):
        parameters[:, lane] = pack(*initial_layers(config, sizes, legacy))
    optimizer = OPTIMIZERS[recipe.optimizer]
    numbers = [optimizer.values(config.optimizer, scale) for config in configs]
    limits = [
        config.training.tolerance if config.training.target_loss is None
        else config.training.target_loss
        for config in configs
    ]  # fmt: skip
    return Lanes(
        parameters,
        [np.zeros_like(parameters) for _ in range(recipe.states)],
        {name: _column([values[name] for values in numbers], dtype) for name in numbers[0]},
        _column(limits, dtype),
    )


def _column(values: Sequence[float], dtype: str) -> Floats:
    # A rate beyond float32 becomes infinite there: that network diverges at its first step.
    with np.errstate(over="ignore", under="ignore"):
        return np.array(values).astype(dtype)
