"""Refusing a configuration that cannot be trained, before anything starts."""

from __future__ import annotations

from dataclasses import fields

from xorlab.config.checks import check_value, check_values
from xorlab.errors import ConfigError
from xorlab.networks.compiled.machine import installed
from xorlab.networks.config import Config
from xorlab.networks.landscape_rules import check_plane
from xorlab.networks.losses.loss import Loss
from xorlab.networks.stopping.rule import stops_of
from xorlab.networks.training_config import (
    COMPILED,
    NUMPY,
    RIGHT_SIDE,
    WITHIN,
    TrainingConfig,
)
from xorlab.networks.updates.update import UpdateSchedule

_NUMBERS = {
    "max_generalisation_loss": "generalisation_loss",
    "min_progress": "progress",
    "strip": "progress",
}
_DEFAULTS = {field.name: field.default for field in fields(TrainingConfig)}
MAX_POINTS = 1_000_000  # of a curve


def check_seed(seed: int) -> None:
    """Refuse a seed that the generators do not take.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    check_value(Config, "seed", seed)


def check(config: Config) -> None:
    """Refuse a configuration that cannot be trained.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    check_values(config)
    _check_points(config)
    _check_backend(config)
    config.task.check()
    _check_loss(config)
    _check_layers(config)
    _check_readout(config)
    _check_criterion(config)
    _check_stop(config)
    _check_looks(config)
    config.init.check()
    _check_update(config)
    config.optimizer.check()
    check_plane(config)


def _check_points(config: Config) -> None:
    every, epochs = config.training.record_every, config.training.epochs
    if every is not None and epochs // every > MAX_POINTS:
        raise ConfigError(
            "training.record_every",
            every,
            f"at least {-(-epochs // MAX_POINTS)} where training.epochs={epochs}: a curve holds at "
            f"most {MAX_POINTS} points",
        )


def _check_backend(config: Config) -> None:
    if config.training.backend == COMPILED and not installed():
        raise ConfigError(
            "training.backend",
            COMPILED,
            f'{NUMPY}, as what it needs is not installed: pip install "xorlab[compiled]"',
        )


def _check_loss(config: Config) -> None:
    name, task = config.training.loss, config.task
    loss = Loss.choices()[name]
    if loss.output is not None and config.network.output != loss.output:
        raise ConfigError(
            "network.output", config.network.output, f"{loss.output} where training.loss={name}"
        )
    if loss.targets is None:
        return
    low, high = loss.targets
    for key, value in (("target_low", task.target_low), ("target_high", task.target_high)):
        if not low <= value <= high:
            raise ConfigError(
                f"task.{key}", value, f"from {low} to {high} where training.loss={name}"
            )


def _check_layers(config: Config) -> None:
    if config.hidden:
        return
    for name, plain in (("skip", False), ("readout", "dense")):
        value = getattr(config.network, name)
        if value != plain:
            raise ConfigError(
                f"network.{name}",
                value,
                f"left out where network.hidden=[]: there is no hidden layer to "
                f"{'pass' if name == 'skip' else 'sum'}",
            )


def _check_readout(config: Config) -> None:
    if config.network.readout != "sum":
        return
    if config.network.output != "linear":
        raise ConfigError(
            "network.output",
            config.network.output,
            "linear where network.readout=sum: the output is the plain sum",
        )
    several = config.task.outputs_known
    if several is not None and several != 1:
        raise ConfigError(
            "network.readout",
            "sum",
            f"dense where the task has {several} outputs: there is but one sum",
        )


def _check_criterion(config: Config) -> None:
    training = config.training
    if training.criterion == RIGHT_SIDE and training.target_loss is not None:
        raise ConfigError(
            "training.target_loss",
            training.target_loss,
            f"null where training.criterion={RIGHT_SIDE}; training.min_loss ends a run by its loss",
        )
    if training.target_accuracy is not None:
        others = {"target_loss": None, "criterion": WITHIN}
        for name, default in others.items():
            if getattr(training, name) != default:
                raise ConfigError(
                    f"training.{name}",
                    getattr(training, name),
                    f"left out where training.target_accuracy={training.target_accuracy:g}",
                )
    ends_solved = training.stop_when_solved or "solved" in stops_of(training)
    if training.solved_at_end and ends_solved:
        named = training.stop_when_solved
        raise ConfigError(
            "training.stop_when_solved" if named else "training.stop",
            True if named else training.stop,
            f"{'false' if named else 'without solved'} where training.solved_at_end=true: a run is "
            "solved only when it has ended",
        )


def _check_stop(config: Config) -> None:
    """Refuse a rule without its number, and a number without its rule."""
    training = config.training
    stops = stops_of(training)
    if "patience" in stops and training.patience is None:
        raise ConfigError(
            "training.patience", None, "an integer >= 1 where training.stop names patience"
        )
    for name, rule in _NUMBERS.items():
        value = getattr(training, name)
        if value != _DEFAULTS[name] and rule not in stops:
            raise ConfigError(
                f"training.{name}", value, f"left out unless training.stop names {rule}"
            )


def _check_looks(config: Config) -> None:
    every, epochs = config.training.validate_every, config.training.epochs
    if every > epochs:
        raise ConfigError(
            "training.validate_every",
            every,
            f"at most {epochs}, as training.epochs={epochs}: the validation set would only be "
            "looked at before the first epoch",
        )


def _check_update(config: Config) -> None:
    update, optimizer = config.training.update, config.optimizer
    size = config.training.batch_size
    if (update == "minibatch") != (size is not None):
        raise ConfigError(
            "training.batch_size",
            size,
            f"given where, and only where, training.update=minibatch (it is {update})",
        )
    if optimizer.batch_only is not None and not UpdateSchedule.choices()[update].whole:
        raise ConfigError(
            "training.update",
            update,
            f"batch where optimizer={optimizer.choice_name}: {optimizer.batch_only}",
        )
    if optimizer.losses is not None and config.training.loss not in optimizer.losses:
        raise ConfigError(
            "training.loss",
            config.training.loss,
            f"{' or '.join(optimizer.losses)} where optimizer={optimizer.choice_name}",
        )
