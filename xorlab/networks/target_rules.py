"""Targets held against the criterion of solving and against what an output can reach."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from xorlab.errors import ConfigError
from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import Config
from xorlab.networks.criterion import error_limit
from xorlab.networks.losses.loss import Loss
from xorlab.networks.stopping.rule import StoppingRule, rules_of
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.training_config import RIGHT_SIDE

_SLACK = 1e-9  # half of 0.9 - 0.1 is 0.4, which is allowed, however it is rounded


def check_targets(config: Config, task: Task) -> None:
    """Refuse what does not fit the data.

    Such are a criterion that a constant answer meets, targets that no output can reach, and batches
    larger than the training set.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    _check_stop(config, task)
    _check_batch_size(config, len(task.targets))
    _check_outputs(config, task)
    if config.training.target_accuracy is not None:
        if task.answer is None:
            raise ConfigError(
                "training.target_accuracy",
                config.training.target_accuracy,
                "null where targets are any numbers: no answer is right or wrong",
            )
        return
    _check_criterion(config, task)
    _check_reach(config, task)


def check_all_targets(configs: Iterable[Config], task: Task) -> None:
    """As `check_targets`, for configurations that are trained as one array program.

    They differ in nothing that is looked at but the criterion, so each criterion is checked once.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    criteria: dict[object, Config] = {}
    for config in configs:
        training = config.training
        criterion = training.tolerance, training.target_loss, training.target_accuracy
        criteria.setdefault(criterion, config)
    for config in criteria.values():
        check_targets(config, task)


def _check_reach(config: Config, task: Task) -> None:
    """Refuse targets that the output's values do not come near."""
    low, high = Activation.choices()[config.network.output].reach
    training, facts = config.training, task.target_facts
    if low <= facts.lowest and facts.highest <= high:
        return
    away = np.maximum(0.0, np.maximum(low - task.targets, task.targets - high))
    if training.target_loss is None:
        out = float(away.max()) > error_limit(training, task) * (1 + _SLACK)
        limit = f"training.tolerance={training.tolerance:g}"
        if training.criterion == RIGHT_SIDE:  # half way is not near enough, not even by a hair
            out = float(away.max()) >= task.margin * (1 - _SLACK)
            limit = f"training.criterion={RIGHT_SIDE}"
    else:
        with np.errstate(over="ignore"):  # infinity is out of reach
            out = float(np.mean(away**2)) > training.target_loss * (1 + _SLACK)
        limit = f"training.target_loss={training.target_loss:g}"
    if out:
        target = float(task.targets.flat[int(away.argmax())])
        raise ConfigError(
            "network.output",
            config.network.output,
            f"one whose values come near {target:g}, which is a target (here they lie between "
            f"{low:g} and {high:g}, and {limit}), such as linear",
        )


def _check_outputs(config: Config, task: Task) -> None:
    output, loss = config.network.output, config.training.loss
    if Activation.choices()[output].couples and task.targets.shape[1] == 1:
        raise ConfigError(
            "network.output", output, "another where the task has one output: it would always be 1"
        )
    if Loss.choices()[loss].distribution and not task.target_facts.adds_up_to_one:
        raise ConfigError(
            "training.loss",
            loss,
            "another where the targets of a pattern do not add up to 1, as those of one class do "
            "(task.target_low=0 task.target_high=1)",
        )


def _check_stop(config: Config, task: Task) -> None:
    rules = [StoppingRule.choices()[name] for name in rules_of(config.training)]
    if task.validation is None and any(rule.needs_validation for rule in rules):
        raise ConfigError(
            "training.stop",
            config.training.stop,
            "never, solved or progress where the task has no validation set (task.validation, "
            "task.fold and task.split hold patterns out)",
        )
    every = config.training.validate_every
    if task.validation is None and every != 1:
        raise ConfigError(
            "training.validate_every", every, "left out where the task has no validation set"
        )


def _check_batch_size(config: Config, patterns: int) -> None:
    size = config.training.batch_size
    if size is not None and size > patterns:
        raise ConfigError(
            "training.batch_size",
            size,
            f"at most {patterns}, the number of patterns in the training set",
        )


def _check_criterion(config: Config, task: Task) -> None:
    facts, training = task.target_facts, config.training
    if training.criterion == RIGHT_SIDE:
        if not facts.two_valued:
            raise ConfigError(
                "training.criterion",
                RIGHT_SIDE,
                "within where targets have more than two values: which side is right is not known",
            )
        return
    if not facts.half_range:  # a constant is what is to be learned
        return
    between = f"the targets {facts.lowest:g} and {facts.highest:g}"
    if training.target_loss is None:
        if facts.half_range < training.tolerance * (1 - _SLACK):
            raise ConfigError(
                "training.tolerance",
                training.tolerance,
                f"at most {facts.half_range:g}, half the distance between {between}: otherwise a "
                "network that always answers the same is solved",
            )
        return
    if facts.variance < training.target_loss * (1 - _SLACK):
        raise ConfigError(
            "training.target_loss",
            training.target_loss,
            f"at most {facts.variance:g}, the loss of a network that always answers the mean of "
            "the targets: otherwise that one is solved",
        )
