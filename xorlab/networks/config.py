"""The built-in trainer's configuration: every key with its meaning, default and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from xorlab.config.closed import Closed
from xorlab.config.directory import config_directory
from xorlab.config.fields import (
    MAX_SEED,
    choice,
    group,
    is_finite,
    is_flag,
    is_integer,
    key,
    section,
)
from xorlab.config.schema import schema_of
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.networks.activations.activation import Activation
from xorlab.networks.initializers.initializer import Initializer
from xorlab.networks.landscape_config import LandscapeConfig
from xorlab.networks.optimizers.optimizer import Optimizer
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.training_config import TrainingConfig
from xorlab.networks.wiring import ALL

READOUTS = ("dense", "sum")
_OUTPUTS = Activation.choices()
_HIDDEN = tuple(name for name, kind in _OUTPUTS.items() if not kind.couples)

MAX_UNITS = 1024
MAX_LAYERS = 16


def is_hidden(v: Any) -> bool:
    """Whether a value is a hidden size, or a list with one for each hidden layer."""
    unit = is_integer(1, MAX_UNITS)
    if isinstance(v, list):
        return len(v) <= MAX_LAYERS and all(map(unit, v))
    return unit(v)


@dataclass
class NetworkConfig(Closed):
    """A fully connected network."""

    hidden: Any = key(
        2,
        "units of the hidden layer, or a list with one number per hidden layer",
        f"an integer from 1 to {MAX_UNITS}, or a list of up to {MAX_LAYERS} such, as [4,4]; [] for "
        "no hidden layer",
        "'network.hidden=[4,4]'",
        is_hidden,
    )
    activation: str = choice(
        "sigmoid",
        _HIDDEN,
        "activation of the hidden units",
        "network.activation=tanh",
    )
    output: str = choice(
        "sigmoid",
        tuple(_OUTPUTS),
        "activation of the output units",
        "network.output=linear",
    )
    slope: float = key(
        0.01,
        "slope of leaky_relu below zero; at -1 it is the absolute value",
        "a number between -1 and 1",
        "network.activation=leaky_relu network.slope=0.1",
        lambda v: is_finite(v) and -1 <= v <= 1,
    )
    readout: str = choice(
        "dense",
        READOUTS,
        "how the output sees the last hidden layer: through weights and a "
        "bias, or as the plain sum of its units (one output, network.output=linear)",
        "network.readout=sum network.output=linear",
        added_after_v1=True,
    )
    skip: Any = key(
        False,
        "direct weights from the inputs to the outputs as well; all: from every layer to all later",
        "true or false, or all",
        "network.skip=true network.hidden=1",
        lambda v: is_flag(v) or v == ALL,
        added_after_v1=True,
    )


@dataclass
class Config(Closed):
    """One run: everything that decides its outcome, and where it is recorded."""

    seed: int = key(
        42,
        "seed of the initial weights",
        f"an integer from 0 to {MAX_SEED}",
        "seed=7",
        is_integer(0, MAX_SEED),
    )
    plan: bool = key(
        False, "print what a sweep would do, and stop", "true or false", "-m plan=true", is_flag
    )
    task: TaskConfig = group(TaskConfig, "xor")
    network: NetworkConfig = section(NetworkConfig, "dense")
    init: Initializer = group(Initializer, "notebook")
    optimizer: Optimizer = group(Optimizer, "gd")
    training: TrainingConfig = section(TrainingConfig, "default")
    landscape: LandscapeConfig = section(LandscapeConfig, "default")
    tracking: TrackingConfig = section(TrackingConfig, "default")

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer, first to last."""
        units = self.network.hidden
        return tuple(units) if isinstance(units, list) else (units,)


_PRESETS = tuple(sorted(path.stem for path in (config_directory() / "study").glob("*.yaml")))
SCHEMA = replace(schema_of(Config), choices={**schema_of(Config).choices, "study": _PRESETS})
FIELDS = SCHEMA.fields
CHOICES = tuple(SCHEMA.groups)  # the groups in which one class is chosen by name
# What `conf/` and the classes above offer: group to choices.
GROUPS = SCHEMA.choices
