"""Refusing a configuration that cannot be trained, before anything starts."""

from __future__ import annotations

from xorlab.config.fields import MAX_POINTS
from xorlab.config.landscape_rules import check_plane
from xorlab.config.schema import FIELDS, SECTIONS, Config
from xorlab.errors import ConfigError

# Rules that compare one gradient with the next, or with a mean of the last few: between the
# gradients of two patterns, which differ for reasons of their own, that says nothing.
BATCH_ONLY = {
    "rprop": "Riedmiller & Braun (1993) compare the signs of whole gradients",
    "quickprop": "Fahlman (1988) fits parabolas to whole gradients",
    "delta_bar_delta": "Jacobs (1988) compares whole gradients with their mean",
}

# What the loops below need of every leaf; a sweep checks each of its configurations.
_VALUES = tuple(
    (key, group, leaf, item.default, item.metadata["check"]) for key, group, leaf, item in FIELDS
)
_CHOICE_KEYS = tuple(
    (key, group, leaf, item.metadata["choices"], item.metadata["optional"])
    for key, group, leaf, item in FIELDS
    if "choices" in item.metadata
)
_IS_SEED = next(is_right for key, _, _, _, is_right in _VALUES if key == "seed")
_ALLOWED = {key: item.metadata["allowed"] for key, _, _, item in FIELDS}


def check_seed(seed: int) -> None:
    """Refuse a seed that the generators do not take.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    if not _IS_SEED(seed):
        raise ConfigError("seed", seed, _ALLOWED["seed"])


def check(config: Config) -> None:
    """Refuse a configuration that cannot be trained.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    values = vars(config)
    sections = {group: vars(section) for group, section in values.items() if group in SECTIONS}
    sections[""] = values
    for name, group, leaf, default, is_right in _VALUES:
        value = sections[group][leaf]
        if value is not default and not is_right(value):
            raise ConfigError(name, value, _ALLOWED[name])
    every = config.training.record_every
    if every is not None and config.training.epochs // every > MAX_POINTS:
        raise ConfigError(
            "training.record_every",
            every,
            f"at least {-(-config.training.epochs // MAX_POINTS)} where training.epochs="
            f"{config.training.epochs}: a curve holds at most {MAX_POINTS} points",
        )
    _check_choice_keys(sections)
    _check_codes(config)
    _check_readout(config)
    _check_given(config)
    _check_optimizer(config)
    check_plane(config)


def _check_choice_keys(sections: dict[str, dict[str, object]]) -> None:
    """A key that belongs to some choices of its group is given there, and nowhere else."""
    for key, group, leaf, choices, optional in _CHOICE_KEYS:
        value, chosen = sections[group][leaf], sections[group]["name"]
        own = chosen in choices
        if value is not None and not own:
            owners = " or ".join(f"{group}={choice}" for choice in choices)
            raise ConfigError(
                key, value, f"left out where {group}={chosen}; it belongs to {owners}"
            )
        if value is None and own and not optional:
            raise ConfigError(key, None, f"{_ALLOWED[key]} where {group}={chosen}")


def _check_codes(config: Config) -> None:
    task, network = config.task, config.network
    if task.low == task.high:
        raise ConfigError("task.low", task.low, f"other than task.high={task.high}")
    if task.target_low >= task.target_high:
        raise ConfigError(
            "task.target_low", task.target_low, f"below task.target_high={task.target_high}"
        )
    if config.training.loss == "cross_entropy":
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


def _check_readout(config: Config) -> None:
    if config.network.readout != "sum":
        return
    if config.network.output != "linear":
        raise ConfigError(
            "network.output",
            config.network.output,
            "linear where network.readout=sum: the output is the plain sum",
        )
    several = config.task.width if config.task.name == "encoder" else config.task.outputs
    if several is not None and several != 1:
        raise ConfigError(
            "network.readout",
            "sum",
            f"dense where the task has {several} outputs: there is but one sum",
        )


def _check_given(config: Config) -> None:
    init = config.init
    if init.name != "given":
        return
    for letter in ("x", "y"):
        named, value = letter in init.weights, getattr(init, letter)
        if named and value is None:
            raise ConfigError(
                f"init.{letter}", None, f"a finite number: init.weights names {letter}"
            )
        if value is not None and not named:
            raise ConfigError(
                f"init.{letter}", value, f"left out: no weight of init.weights is called {letter}"
            )


def _check_optimizer(config: Config) -> None:
    optimizer, training = config.optimizer, config.training
    if training.update == "online" and optimizer.name in BATCH_ONLY:
        raise ConfigError(
            "training.update",
            training.update,
            f"batch where optimizer={optimizer.name}: {BATCH_ONLY[optimizer.name]}",
        )
    if optimizer.name == "rprop":
        low, first, high = optimizer.delta_min, optimizer.delta_0, optimizer.delta_max
        if low is None or first is None or high is None or not low <= first <= high:
            raise ConfigError(
                "optimizer.delta_0",
                first,
                f"from optimizer.delta_min={low} to optimizer.delta_max={high}",
            )
