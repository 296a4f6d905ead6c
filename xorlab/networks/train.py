"""Training: configurations in, results out; no clock, no global state, no file but a task's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from xorlab.errors import ConfigError
from xorlab.networks.activations.activation import Activation
from xorlab.networks.arguments import check_layers, config_of, configs_of, patterns_of
from xorlab.networks.columns import TrainingSpec, padded
from xorlab.networks.config import Config
from xorlab.networks.criterion import is_by_loss
from xorlab.networks.initial_weights import check_given, wiring_of
from xorlab.networks.loop import Trainer
from xorlab.networks.members import members_of
from xorlab.networks.parameters import Parameters, pack, parameter_count
from xorlab.networks.passes import Pass
from xorlab.networks.program import Program
from xorlab.networks.result import Layers, NetworkResult
from xorlab.networks.rules import check
from xorlab.networks.schedule import record_steps
from xorlab.networks.shape import Shape
from xorlab.networks.stopping.rule import keeps_best, rules_of, stops_of
from xorlab.networks.target_rules import check_all_targets
from xorlab.networks.tasks.tasks import Task, make_task
from xorlab.networks.trained import TrainedNetworks
from xorlab.networks.training_config import COMPILED
from xorlab.networks.updates.update import UpdateSchedule, seen_of
from xorlab.trainers.shard_result import ShardResult

# Bytes of arrays that one chunk of networks may use: measured best between the second-level
# cache and few calls. See the benchmark.
CHUNK_BYTES = 6 << 20
# Compiled code takes a few networks at a time from a chunk, so the cache does not limit a chunk;
# and it reads its program once for each.
_COMPILED_CHUNKS = 8
MAX_LANES = 8192

ShardKey = tuple[object, ...]
Floats = npt.NDArray[np.floating]


def train(config: Config) -> NetworkResult:
    """Train one network: a batch of one.

    Raises:
        ConfigError: the configuration cannot be trained.
    """
    return train_many([config_of("train", config)])[0]


def train_many(configs: Iterable[Config]) -> TrainedNetworks:
    """Train any mixture of configurations, those of one shape together.

    Returns:
        one result per configuration, in their order. Each is, bit for bit, what `train` returns
        for that configuration alone. The whole list goes into `xorlab.convergence` and `compare`
        as it is; its ``runs()`` is a table as of `xorlab.load_runs`.

    Raises:
        ConfigError: a configuration cannot be trained; nothing was trained then.
    """
    configs = configs_of("train_many", configs)
    for config in configs:
        check(config)
    groups: dict[ShardKey, list[int]] = {}
    for index, config in enumerate(configs):
        groups.setdefault(shard_key(config), []).append(index)
    tasks = {key: make_task(configs[members[0]].task) for key, members in groups.items()}
    for key, members in groups.items():
        check_all_targets((configs[index] for index in members), tasks[key])
    results: dict[int, NetworkResult] = {}
    for key, members in groups.items():
        width = chunk_width(configs[members[0]], tasks[key])
        for start in range(0, len(members), width):
            chunk = members[start : start + width]
            trained = train_chunk([configs[index] for index in chunk], tasks[key])
            results.update(zip(chunk, trained.results(NetworkResult), strict=True))
    return TrainedNetworks(configs, [results[index] for index in range(len(configs))])


def shard_key(config: Config) -> ShardKey:
    """Equal for configurations that can be trained as one array program."""
    training, network = config.training, config.network
    return (
        (config.task.choice_name, repr(vars(config.task))),
        (config.hidden, network.activation, network.output, network.slope),
        (network.readout, network.skip, training.min_gradient is None),
        (config.optimizer.choice_name, config.optimizer.flags()),
        (training.loss, training.update, training.batch_size, training.dtype, is_by_loss(training)),
        (training.epochs, training.record_every, training.stop_when_solved),
        (training.criterion, training.solved_at_end, rules_of(training)),
        (training.target_accuracy is None, repr(training.stop), training.backend),
        training.validate_every,
    )


def chunk_width(config: Config, task: Task) -> int:
    """How many networks like this one to train as one array."""
    room = CHUNK_BYTES * (_COMPILED_CHUNKS if config.training.backend == COMPILED else 1)
    return max(64, min(MAX_LANES, room // lane_bytes(config, task) // 64 * 64))


def lane_bytes(config: Config, task: Task) -> int:
    """What the arrays of one epoch take for each network like this one."""
    sizes = layer_sizes(config, task)
    widest, update = max(sizes[1:]), config.training.update
    units = 2 * sum(sizes[1:]) + 2 * widest + 3 * sizes[-1]
    if Activation.choices()[config.network.activation].keeps:
        units += sum(config.hidden)
    copies = 2 + len(config.optimizer.states()) + config.optimizer.scratches
    units += (sum(sizes) + sizes[0] + sizes[-1]) * (not UpdateSchedule.choices()[update].whole)
    held_out = 0 if task.validation is None else len(task.validation.inputs)
    weights = parameter_count(sizes, wiring_of(config))
    numbers = (len(task.inputs) + held_out) * units + copies * weights
    if config.optimizer.needs_jacobian:
        numbers += len(task.inputs) * (3 * weights + units) + 2 * weights * weights
    return np.dtype(config.training.dtype).itemsize * numbers


def layer_sizes(config: Config, task: Task) -> tuple[int, ...]:
    """Units of each layer, inputs first, outputs last.

    Raises:
        ConfigError: the network that is configured does not fit the task.
    """
    outputs = task.targets.shape[1]
    if config.network.readout == "sum" and outputs != 1:
        raise ConfigError(
            "network.readout",
            "sum",
            f"dense where the task has {outputs} outputs: there is but one sum",
        )
    sizes = (task.inputs.shape[1], *config.hidden, outputs)
    check_given(config, sizes)
    return sizes


def train_chunk(configs: Sequence[Config], task: Task) -> ShardResult:
    """Train configurations with one `shard_key` as one array, however many they are."""
    first = configs[0]
    sizes = layer_sizes(first, task)
    spec = TrainingSpec(
        shape=shape_of(first, sizes),
        task=task,
        optimizer=first.optimizer.choice_name,
        flags=first.optimizer.flags(),
        update=first.training.update,
        seen=seen_of(first.training, len(task.inputs)),
        by_loss=is_by_loss(first.training),
        states=tuple(first.optimizer.states()),
        by_gradient=first.training.min_gradient is not None,
        stopping=rules_of(first.training),
        by_accuracy=first.training.target_accuracy is not None,
        keeps_best=task.validation is not None and keeps_best(first.training),
        validate_every=first.training.validate_every,
        compiled=first.training.backend == COMPILED,
    )
    steps = record_steps(first.training.epochs, first.training.record_every)
    columns = members_of(configs, sizes).columns(spec)
    stops = first.training.stop_when_solved or "solved" in stops_of(first.training)
    at_end = first.training.solved_at_end
    return _trainer(spec.compiled)(spec, columns, steps, stops, at_end).run()


def _trainer(compiled: bool) -> type[Trainer]:
    if not compiled:
        return Trainer
    from xorlab.networks.compiled.loop import CompiledTrainer

    return CompiledTrainer


def predict(config: Config, result: Layers, inputs: npt.ArrayLike) -> Floats:
    """What a trained network answers.

    Args:
        config: that the network was trained with.
        result: of the training, or what `xorlab.load_weights` gives for its run.
        inputs: (P, I), any patterns: an array, a list of lists or a table of pandas.

    Returns:
        (P, O) outputs.

    Raises:
        UsageError: the inputs are not numbers of that shape.
    """
    config = config_of("predict", config)
    check_layers("predict", result)
    patterns = patterns_of("predict", inputs, result.weights[0].shape[0])
    outputs = 1 if config.network.readout == "sum" else result.biases[-1].shape[0]
    sizes = (patterns.shape[1], *config.hidden, outputs)
    wiring = wiring_of(config)
    program = Program(config.training.dtype)
    parameters = Parameters.empty(program, sizes, padded(1), wiring)
    parameters.packed[:] = pack(result.weights, result.biases, result.shortcuts)[:, None]
    targets = np.zeros((len(patterns), sizes[-1]))
    network = Pass(shape_of(config, sizes), patterns, targets, None, parameters)
    forward = network.forward().calls
    if config.training.backend == COMPILED:
        from xorlab.networks.compiled.stretch import lowered

        forward = lowered(forward)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for call in forward:
            call()
    return network.outputs[..., 0].copy()


def shape_of(config: Config, sizes: tuple[int, ...]) -> Shape:
    """What passes through a network must know of its configuration.

    Args:
        config: of the network.
        sizes: units of each layer, inputs first.
    """
    return Shape(
        sizes=sizes,
        activation=config.network.activation,
        output=config.network.output,
        slope=config.network.slope,
        loss=config.training.loss,
        dtype=config.training.dtype,
        wiring=wiring_of(config),
    )
