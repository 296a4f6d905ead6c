"""The built-in trainer's configuration: every key with its meaning, default and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from xorlab.config.closed import Closed
from xorlab.config.fields import (
    MAX_SEED,
    choice,
    group,
    is_finite,
    is_flag,
    is_integer,
    is_optional,
    is_positive,
    key,
    section,
)
from xorlab.config.schema import schema_of
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.networks.activations.activation import Activation
from xorlab.networks.initializers.initializer import Initializer
from xorlab.networks.landscape_config import LandscapeConfig
from xorlab.networks.losses.loss import Loss
from xorlab.networks.optimizers.optimizer import Optimizer
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.updates.update import UpdateSchedule

READOUTS = ("dense", "sum")
DTYPES = ("float64", "float32")
WITHIN, RIGHT_SIDE = CRITERIA = ("within", "right_side")
_OUTPUTS = Activation.choices()
_HIDDEN = tuple(name for name, kind in _OUTPUTS.items() if not kind.couples)

MAX_EPOCHS = 100_000_000
MAX_UNITS = 1024
MAX_LAYERS = 16


def is_hidden(v: Any) -> bool:
    """Whether a value is a hidden size, or a list with one for each hidden layer."""
    unit = is_integer(1, MAX_UNITS)
    if isinstance(v, list):
        return 1 <= len(v) <= MAX_LAYERS and all(map(unit, v))
    return unit(v)


@dataclass
class NetworkConfig(Closed):
    """A fully connected network."""

    hidden: Any = key(
        2,
        "units of the hidden layer, or a list with one number per hidden layer",
        f"an integer from 1 to {MAX_UNITS}, or a list of 1 to {MAX_LAYERS} such, as [4,4]",
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
    skip: bool = key(
        False,
        "direct weights from the inputs to the outputs as well",
        "true or false",
        "network.skip=true network.hidden=1",
        is_flag,
        added_after_v1=True,
    )


@dataclass
class TrainingConfig(Closed):
    """What is minimised, for how long, and when a run counts as solved."""

    loss: str = choice(
        "half_sse",
        tuple(Loss.choices()),
        "half the summed or mean squared error, or cross-entropy",
        "training.loss=cross_entropy",
    )
    update: str = choice(
        "batch",
        tuple(UpdateSchedule.choices()),
        "one update per epoch, one per pattern in order, or one per training.batch_size patterns "
        "in an order that each run draws anew for every epoch",
        "training.update=online",
    )
    batch_size: int | None = key(
        None,
        "how many patterns an update sees where training.update=minibatch; the last of an epoch "
        "sees what is left",
        "an integer >= 1, where and only where training.update=minibatch",
        "training.update=minibatch training.batch_size=16",
        is_optional(is_integer(1, MAX_EPOCHS)),
    )
    epochs: int = key(
        10_000,
        "passes over all patterns",
        f"an integer from 1 to {MAX_EPOCHS}",
        "training.epochs=3000",
        is_integer(1, MAX_EPOCHS),
    )
    tolerance: float = key(
        0.4,
        "solved when every output is within this of its target",
        "a number > 0 and < 1",
        "training.tolerance=0.1",
        lambda v: is_finite(v) and 0 < v < 1,
    )
    target_loss: float | None = key(
        None,
        "if set: solved when the mean squared error is at or below this instead",
        "a number > 0, or null",
        "training.target_loss=0.01",
        is_optional(is_positive),
    )
    min_gradient: float | None = key(
        None,
        "if set: end a run, unsolved, when the norm of the gradient of what is minimised over all "
        "patterns (weight decay included; a sum or a mean as training.loss is, online too) falls "
        "below this",
        "a number > 0, or null",
        "training.min_gradient=1e-4",
        is_optional(is_positive),
    )
    min_loss: float | None = key(
        None,
        "if set: end a run, solved or not, when the mean squared error falls below this",
        "a number > 0, or null",
        "training.min_loss=1e-7 training.criterion=right_side training.solved_at_end=true",
        is_optional(is_positive),
    )
    patience: int | None = key(
        None,
        "if set: end a run, solved or not, when its least mean squared error has not fallen by "
        "more than training.min_improvement for more than this many epochs",
        f"an integer from 1 to {MAX_EPOCHS}, or null",
        "training.patience=10 training.min_improvement=1e-6",
        is_optional(is_integer(1, MAX_EPOCHS)),
    )
    min_improvement: float = key(
        0.0,
        "by how much less than the least so far a mean squared error must be to count as an "
        "improvement for training.patience",
        "a finite number >= 0",
        "training.patience=10 training.min_improvement=1e-6",
        lambda v: is_finite(v) and v >= 0,
        silent_default=True,
    )
    criterion: str = choice(
        WITHIN,
        CRITERIA,
        "what solves a run: every output within training.tolerance (or a loss at or below "
        "training.target_loss, where that is set), or every output nearer to its target than to "
        "the other code",
        "training.criterion=right_side",
        silent_default=True,
    )
    solved_at_end: bool = key(
        False,
        "false: solved at the first step that meets the criterion, though the run may lose it "
        "again; true: solved only if the criterion is met where the run ends",
        "true or false",
        "training.solved_at_end=true",
        is_flag,
        silent_default=True,
    )
    stop_when_solved: bool = key(
        False,
        "end a run at the step at which it is solved",
        "true or false",
        "training.stop_when_solved=true",
        is_flag,
    )
    record_every: int | None = key(
        None,
        "record the loss at every n-th step; null: at about 200 log-spaced steps",
        "an integer >= 1, or null",
        "training.record_every=10",
        is_optional(is_integer(1, MAX_EPOCHS)),
    )
    dtype: str = choice("float64", DTYPES, "precision of the arithmetic", "training.dtype=float32")


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


STUDIES = (
    "first",
    "failures",
    "notebook",
    "hamey1991",
    "kramer1988",
    "kramer1988_parity",
    "kolen1990",
    "kolen1990_slice",
    "tr_xor",
    "tr_xor_leaky",
)

SCHEMA = replace(schema_of(Config), choices={**schema_of(Config).choices, "study": STUDIES})
FIELDS = SCHEMA.fields
CHOICES = tuple(SCHEMA.groups)  # the groups in which one class is chosen by name
# What `conf/` and the classes above offer: group to choices.
GROUPS = SCHEMA.choices
