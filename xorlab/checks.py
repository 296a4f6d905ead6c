"""Refusing a configuration that cannot be trained, before anything starts."""

from __future__ import annotations

import dataclasses

from xorlab.config import LEAVES, SECTIONS, Config
from xorlab.errors import ConfigError
from xorlab.keys import MAX_POINTS


def check(config: Config) -> None:
    """Refuse a configuration that cannot be trained.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    values = vars(config)
    sections = {group: vars(section) for group, section in values.items() if group in SECTIONS}
    sections[""] = values
    for name, group, leaf, item in LEAVES:
        value = sections[group][leaf]
        if value is not item.default and not item.metadata["check"](value):
            raise ConfigError(name, value, item.metadata["allowed"])
    every = config.training.record_every
    if every is not None and config.training.epochs // every > MAX_POINTS:
        raise ConfigError(
            "training.record_every",
            every,
            f"at least {-(-config.training.epochs // MAX_POINTS)} where training.epochs="
            f"{config.training.epochs}: a curve holds at most {MAX_POINTS} points",
        )
    _check_choice_keys(config)
    task, network, training = config.task, config.network, config.training
    if task.low == task.high:
        raise ConfigError("task.low", task.low, f"other than task.high={task.high}")
    if task.target_low >= task.target_high:
        raise ConfigError(
            "task.target_low", task.target_low, f"below task.target_high={task.target_high}"
        )
    if training.loss == "cross_entropy":
        if network.output != "sigmoid":
            raise ConfigError(
                "network.output", network.output, "sigmoid where training.loss=cross_entropy"
            )
        for name, value in (
            ("task.target_low", task.target_low),
            ("task.target_high", task.target_high),
        ):
            if not 0 <= value <= 1:
                raise ConfigError(name, value, "from 0 to 1 where training.loss=cross_entropy")


# Keys that belong to one choice of their group: (group, choice) -> (key, must it be given).
_BELONGS = {
    ("task", "bits"): ("parity", True),
    ("task", "path"): ("table", True),
    ("task", "outputs"): ("table", False),
    ("init", "range"): ("uniform", True),
    ("init", "std"): ("normal", True),
}


def _check_choice_keys(config: Config) -> None:
    for (group, name), (choice, needed) in _BELONGS.items():
        section = getattr(config, group)
        value, chosen = getattr(section, name), section.name == choice
        if value is not None and not chosen:
            raise ConfigError(
                f"{group}.{name}",
                value,
                f"left out where {group}={section.name}; it belongs to {group}={choice}",
            )
        if value is None and chosen and needed:
            allowed = next(f for f in dataclasses.fields(section) if f.name == name).metadata[
                "allowed"
            ]
            raise ConfigError(f"{group}.{name}", None, f"{allowed} where {group}={choice}")
