"""The typed, closed configuration: every key with its meaning, its default and what is allowed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from xorlab.errors import ConfigError

GATES = ("xor", "and", "or", "nand", "nor", "xnor")
TASKS = (*GATES, "parity", "table")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "linear")
LOSSES = ("half_sse", "half_mse", "cross_entropy")
UPDATES = ("batch", "online")
DTYPES = ("float64", "float32")
INITIALIZERS = ("notebook", "uniform", "normal", "glorot", "he")
OPTIMIZERS = ("gd",)
EXISTING = ("skip", "rerun", "retry")
FAILURES = ("continue", "stop")
OBJECTIVES = ("final_loss", "max_error", "accuracy", "solved", "epochs_run", "epochs_to_solve")

MAX_SEED = 2**32 - 1  # the legacy generator of the notebook takes no more
MAX_EPOCHS = 100_000_000
MAX_POINTS = 1_000_000
MAX_UNITS = 1024
MAX_LAYERS = 16
MAX_BITS = 12


def _key(
    default: Any,
    help: str,  # noqa: A002
    allowed: str,
    example: str,
    check: Callable[[Any], bool],
) -> Any:
    """A field that carries what `--help` prints and what `check` enforces."""
    return field(
        default=default,
        metadata={"help": help, "allowed": allowed, "example": example, "check": check},
    )


def _choice(default: str, names: tuple[str, ...], help: str, example: str) -> Any:  # noqa: A002
    return _key(default, help, "one of " + ", ".join(names), example, lambda v: v in names)


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _optional(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda v: v is None or check(v)


def _finite(v: Any) -> bool:
    return isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)


def _positive(v: Any) -> bool:
    return _finite(v) and v > 0


def _flag(v: Any) -> bool:
    return isinstance(v, bool)


def _text(v: Any) -> bool:
    return isinstance(v, str) and bool(v.strip())


def _hidden(v: Any) -> bool:
    unit = _integer(1, MAX_UNITS)
    if isinstance(v, list):
        return 1 <= len(v) <= MAX_LAYERS and all(map(unit, v))
    return unit(v)


@dataclass
class TaskConfig:
    """What is to be learned; chosen with `task=NAME`."""

    name: str = _choice("xor", TASKS, "the task; chosen as task=NAME", "task=parity")
    bits: int | None = _key(
        None, "number of inputs of parity", f"an integer from 2 to {MAX_BITS}",
        "task=parity task.bits=4", _optional(_integer(2, MAX_BITS)),
    )  # fmt: skip
    path: str | None = _key(
        None, "file of a table: a CSV (targets in the last columns, a header is optional), "
        "or an npz with arrays inputs and targets", "the path of a CSV or npz file",
        "task=table task.path=data.csv", _optional(_text),
    )  # fmt: skip
    outputs: int | None = _key(
        None, "how many of the last columns of a CSV table are targets", "an integer >= 1",
        "task=table task.path=data.csv task.outputs=2", _optional(_integer(1, MAX_UNITS)),
    )  # fmt: skip
    low: float = _key(
        0.0, "input that codes 0", "a finite number other than task.high", "task.low=-1", _finite
    )
    high: float = _key(1.0, "input that codes 1", "a finite number", "task.high=1", _finite)
    target_low: float = _key(
        0.0, "target that codes 0", "a finite number below task.target_high",
        "task.target_low=0.1", _finite,
    )  # fmt: skip
    target_high: float = _key(
        1.0, "target that codes 1", "a finite number", "task.target_high=0.9", _finite
    )


@dataclass
class NetworkConfig:
    """A fully connected network."""

    hidden: Any = _key(
        2, "units of the hidden layer, or a list with one number per hidden layer",
        f"an integer from 1 to {MAX_UNITS}, or a list of 1 to {MAX_LAYERS} such, as [4,4]",
        "'network.hidden=[4,4]'", _hidden,
    )  # fmt: skip
    activation: str = _choice(
        "sigmoid", ACTIVATIONS, "activation of the hidden units", "network.activation=tanh"
    )
    output: str = _choice(
        "sigmoid", ACTIVATIONS, "activation of the output units", "network.output=linear"
    )
    slope: float = _key(
        0.01, "slope of leaky_relu below zero", "a number between 0 and 1",
        "network.activation=leaky_relu network.slope=0.1", lambda v: _finite(v) and 0 <= v <= 1,
    )  # fmt: skip


@dataclass
class InitConfig:
    """How the weights start; chosen with `init=NAME`."""

    name: str = _choice(
        "notebook", INITIALIZERS, "initial weights; chosen as init=NAME", "init=glorot"
    )
    range: float | None = _key(
        None, "uniform: weights and biases from U(-range, range)", "a number > 0",
        "init=uniform init.range=0.5", _optional(_positive),
    )  # fmt: skip
    std: float | None = _key(
        None, "normal: standard deviation of weights and biases", "a number > 0",
        "init=normal init.std=0.3", _optional(_positive),
    )  # fmt: skip


@dataclass
class OptimizerConfig:
    """How the weights move; chosen with `optimizer=NAME`."""

    name: str = _choice("gd", OPTIMIZERS, "the optimizer; chosen as optimizer=NAME", "optimizer=gd")
    lr: float = _key(0.1, "learning rate", "a finite number > 0", "optimizer.lr=0.5", _positive)
    momentum: float = _key(
        0.0, "momentum: share of the last step that is repeated", "a number >= 0 and < 1",
        "optimizer.momentum=0.9", lambda v: _finite(v) and 0 <= v < 1,
    )  # fmt: skip
    weight_decay: float = _key(
        0.0, "weight decay: this times a weight or bias is added to its gradient",
        "a finite number >= 0", "optimizer.weight_decay=1e-4", lambda v: _finite(v) and v >= 0,
    )  # fmt: skip


@dataclass
class TrainingConfig:
    """What is minimised, for how long, and when a run counts as solved."""

    loss: str = _choice(
        "half_sse", LOSSES, "half the summed or mean squared error, or cross-entropy",
        "training.loss=cross_entropy",
    )  # fmt: skip
    update: str = _choice(
        "batch", UPDATES, "one update per epoch, or one per pattern in order",
        "training.update=online",
    )  # fmt: skip
    epochs: int = _key(
        10_000, "passes over all patterns", f"an integer from 1 to {MAX_EPOCHS}",
        "training.epochs=3000", _integer(1, MAX_EPOCHS),
    )  # fmt: skip
    tolerance: float = _key(
        0.4, "solved when every output is within this of its target", "a number > 0 and < 1",
        "training.tolerance=0.1", lambda v: _finite(v) and 0 < v < 1,
    )  # fmt: skip
    target_loss: float | None = _key(
        None, "if set: solved when the mean squared error is at or below this instead",
        "a number > 0, or null", "training.target_loss=0.01", _optional(_positive),
    )  # fmt: skip
    stop_when_solved: bool = _key(
        False, "end a run at the step at which it is solved", "true or false",
        "training.stop_when_solved=true", _flag,
    )  # fmt: skip
    record_every: int | None = _key(
        None, "record the loss at every n-th step; null: at about 200 log-spaced steps",
        "an integer >= 1, or null", "training.record_every=10", _optional(_integer(1, MAX_EPOCHS)),
    )  # fmt: skip
    dtype: str = _choice("float64", DTYPES, "precision of the arithmetic", "training.dtype=float32")


@dataclass
class TrackingConfig:
    """Where runs are recorded, and what happens to those already there."""

    uri: str | None = _key(
        None, "MLflow store or server; null: MLFLOW_TRACKING_URI, else mlflow.db in this folder",
        "a tracking address such as sqlite:////data/mlflow.db or http://host:5000, or null",
        "tracking.uri=http://localhost:5000", _optional(_text),
    )  # fmt: skip
    experiment: str = _key(
        "xorlab", "MLflow experiment", "a name", "tracking.experiment=pilot", _text
    )
    existing: str = _choice(
        "skip", EXISTING, "a sweep's runs that are finished already: skip them, run them again, "
        "or also retry those that failed", "tracking.existing=rerun",
    )  # fmt: skip
    failures: str = _choice(
        "continue", FAILURES, "after a failed job go on, or stop the sweep",
        "tracking.failures=stop",
    )  # fmt: skip
    objective: str = _choice(
        "final_loss", OBJECTIVES, "the metric that a job returns to the sweeper",
        "tracking.objective=epochs_to_solve",
    )  # fmt: skip
    bulk: bool = _key(
        True, "record whole shards in bulk where the store allows it", "true or false",
        "tracking.bulk=false", _flag,
    )  # fmt: skip
    sweep: str | None = _key(
        None, "run id of the parent run; a sweep sets it for its jobs", "a run id, or null",
        "tracking.sweep=null", _optional(_text),
    )  # fmt: skip


@dataclass
class Config:
    """One run: everything that decides its outcome, and where it is recorded."""

    seed: int = _key(
        42, "seed of the initial weights", f"an integer from 0 to {MAX_SEED}", "seed=7",
        _integer(0, MAX_SEED),
    )  # fmt: skip
    plan: bool = _key(
        False, "print what a sweep would do, and stop", "true or false", "-m plan=true", _flag
    )
    task: TaskConfig = field(default_factory=TaskConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    init: InitConfig = field(default_factory=InitConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer, first to last."""
        units = self.network.hidden
        return tuple(units) if isinstance(units, list) else (units,)


Leaf = tuple[str, str, str, dataclasses.Field[Any]]


def _leaves(kind: type) -> Iterator[Leaf]:
    for item in dataclasses.fields(kind):
        if item.default_factory is dataclasses.MISSING:
            yield item.name, "", item.name, item
        else:
            for inner in dataclasses.fields(item.default_factory):  # type: ignore[arg-type]
                yield f"{item.name}.{inner.name}", item.name, inner.name, inner


# Every leaf of the schema as (dotted key, group or "", name, dataclass field).
LEAVES: tuple[Leaf, ...] = tuple(_leaves(Config))
_SECTIONS = frozenset(group for _, group, _, _ in LEAVES if group)

# Groups of `conf/` and what may be chosen in each.
GROUPS: dict[str, tuple[str, ...]] = {
    "task": TASKS,
    "network": ("dense",),
    "init": INITIALIZERS,
    "optimizer": OPTIMIZERS,
    "training": ("default",),
    "tracking": ("default",),
    "study": ("first",),
}


def fields(config: Config) -> Iterator[tuple[str, dataclasses.Field[Any], Any]]:
    """Every leaf as (dotted key, dataclass field, value), in the order of the schema."""
    for name, group, leaf, item in LEAVES:
        yield name, item, getattr(getattr(config, group) if group else config, leaf)


def check(config: Config) -> None:
    """Refuse a configuration that cannot be trained.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    values = vars(config)
    sections = {group: vars(section) for group, section in values.items() if group in _SECTIONS}
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
