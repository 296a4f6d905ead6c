"""The typed, closed configuration: every key with its meaning, its default and what is allowed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from xorlab.config.fields import (
    ACTIVATIONS,
    DTYPES,
    EXISTING,
    FAILURES,
    INITIALIZERS,
    LOSSES,
    MAX_EPOCHS,
    MAX_LAYERS,
    MAX_NAME,
    MAX_PIXELS,
    MAX_SEED,
    MAX_UNITS,
    OBJECTIVES,
    OPTIMIZERS,
    PIXEL_VALUES,
    READOUTS,
    SCALES,
    TASKS,
    UPDATES,
    choice,
    is_finite,
    is_flag,
    is_hidden,
    is_integer,
    is_name,
    is_optional,
    is_positive,
    is_text,
    key,
)
from xorlab.config.groups import InitConfig, OptimizerConfig, TaskConfig


@dataclass
class NetworkConfig:
    """A fully connected network."""

    hidden: Any = key(
        2, "units of the hidden layer, or a list with one number per hidden layer",
        f"an integer from 1 to {MAX_UNITS}, or a list of 1 to {MAX_LAYERS} such, as [4,4]",
        "'network.hidden=[4,4]'", is_hidden,
    )  # fmt: skip
    activation: str = choice(
        "sigmoid", ACTIVATIONS, "activation of the hidden units", "network.activation=tanh"
    )
    output: str = choice(
        "sigmoid", ACTIVATIONS, "activation of the output units", "network.output=linear"
    )
    slope: float = key(
        0.01, "slope of leaky_relu below zero", "a number between 0 and 1",
        "network.activation=leaky_relu network.slope=0.1", lambda v: is_finite(v) and 0 <= v <= 1,
    )  # fmt: skip
    readout: str = choice(
        "dense", READOUTS, "how the output sees the last hidden layer: through weights and a "
        "bias, or as the plain sum of its units (one output, network.output=linear)",
        "network.readout=sum network.output=linear", added_after_v1=True,
    )  # fmt: skip
    skip: bool = key(
        False, "direct weights from the inputs to the outputs as well", "true or false",
        "network.skip=true network.hidden=1", is_flag, added_after_v1=True,
    )  # fmt: skip


@dataclass
class TrainingConfig:
    """What is minimised, for how long, and when a run counts as solved."""

    loss: str = choice(
        "half_sse", LOSSES, "half the summed or mean squared error, or cross-entropy",
        "training.loss=cross_entropy",
    )  # fmt: skip
    update: str = choice(
        "batch", UPDATES, "one update per epoch, or one per pattern in order",
        "training.update=online",
    )  # fmt: skip
    epochs: int = key(
        10_000, "passes over all patterns", f"an integer from 1 to {MAX_EPOCHS}",
        "training.epochs=3000", is_integer(1, MAX_EPOCHS),
    )  # fmt: skip
    tolerance: float = key(
        0.4, "solved when every output is within this of its target", "a number > 0 and < 1",
        "training.tolerance=0.1", lambda v: is_finite(v) and 0 < v < 1,
    )  # fmt: skip
    target_loss: float | None = key(
        None, "if set: solved when the mean squared error is at or below this instead",
        "a number > 0, or null", "training.target_loss=0.01", is_optional(is_positive),
    )  # fmt: skip
    min_gradient: float | None = key(
        None, "if set: end a run, unsolved, when the norm of the gradient of what is minimised "
        "(weight decay included) falls below this", "a number > 0, or null",
        "training.min_gradient=1e-4", is_optional(is_positive),
    )  # fmt: skip
    stop_when_solved: bool = key(
        False, "end a run at the step at which it is solved", "true or false",
        "training.stop_when_solved=true", is_flag,
    )  # fmt: skip
    record_every: int | None = key(
        None, "record the loss at every n-th step; null: at about 200 log-spaced steps",
        "an integer >= 1, or null", "training.record_every=10",
        is_optional(is_integer(1, MAX_EPOCHS)),
    )  # fmt: skip
    dtype: str = choice("float64", DTYPES, "precision of the arithmetic", "training.dtype=float32")


@dataclass
class TrackingConfig:
    """Where runs are recorded, and what happens to those already there."""

    uri: str | None = key(
        None, "MLflow store or server; null: MLFLOW_TRACKING_URI, else mlflow.db in this folder",
        "a tracking address such as sqlite:////data/mlflow.db or http://host:5000, or null",
        "tracking.uri=http://localhost:5000", is_optional(is_text),
    )  # fmt: skip
    experiment: str = key(
        "xorlab", "MLflow experiment", f"a name in one line of at most {MAX_NAME} characters",
        "tracking.experiment=pilot", is_name,
    )  # fmt: skip
    artifacts: str | None = key(
        None, "where files of a new experiment go; null: mlartifacts beside a SQLite file, or "
        "where the server says; must be named for a database server such as PostgreSQL",
        "a folder that all machines share, an address such as s3://bucket/xorlab, or null",
        "tracking.uri=postgresql://db/xorlab tracking.artifacts=/srv/xorlab", is_optional(is_text),
    )  # fmt: skip
    existing: str = choice(
        "skip", EXISTING, "a sweep's runs that are finished already: skip them, run them again, "
        "or also retry those that failed", "tracking.existing=rerun",
    )  # fmt: skip
    failures: str = choice(
        "continue", FAILURES, "after a failed job go on, or stop the sweep",
        "tracking.failures=stop",
    )  # fmt: skip
    objective: str = choice(
        "final_loss", OBJECTIVES, "the metric that a job returns to the sweeper",
        "tracking.objective=epochs_to_solve",
    )  # fmt: skip
    bulk: bool = key(
        True, "record whole shards in bulk where the store allows it", "true or false",
        "tracking.bulk=false", is_flag,
    )  # fmt: skip
    outbox: str | None = key(
        None, "folder where finished runs wait while a tracking server is away; null: "
        "xorlab-outbox in this folder", "a folder, or null", "tracking.outbox=/data/xorlab-outbox",
        is_optional(is_text),
    )  # fmt: skip
    sweep: str | None = key(
        None, "run id of the parent run; a sweep sets it for its jobs", "a run id, or null",
        "tracking.sweep=null", is_optional(is_name),
    )  # fmt: skip


_EXAMPLE = (
    "landscape.x=optimizer.lr landscape.x_low=0.1 landscape.x_high=10 "
    "landscape.y=optimizer.momentum landscape.y_low=0.1 landscape.y_high=0.9"
)


def _axis_key(where: str) -> Any:
    return key(
        None, f"the key that varies {where} a landscape; weight.N is the N-th initial weight, "
        "counted as in init.weights; null: no landscape",
        "a number that may differ between networks of one shape, such as optimizer.lr, init.range "
        "or weight.1", _EXAMPLE, is_optional(is_text),
    )  # fmt: skip


def _end(letter: str, end: str) -> Any:
    return key(
        None, f"{end} edge of landscape.{letter}: pixels are cells between the edges, their values "
        "the middles", "a finite number, above 0 on a log scale", _EXAMPLE, is_optional(is_finite),
    )  # fmt: skip


def _scale(letter: str) -> Any:
    return choice(
        "linear", SCALES, f"spacing of landscape.{letter}",
        f"{_EXAMPLE} landscape.{letter}_scale=log",
    )  # fmt: skip


def _pixels(letter: str, what: str) -> Any:
    return key(
        200, f"pixels along landscape.{letter}", f"an integer from 1 to {MAX_PIXELS}",
        f"{_EXAMPLE} landscape.{what}=512", is_integer(1, MAX_PIXELS),
    )  # fmt: skip


@dataclass
class LandscapeConfig:
    """One network for every pixel of a plane, in a single run."""

    x: str | None = _axis_key("across")
    x_low: float | None = _end("x", "left")
    x_high: float | None = _end("x", "right")
    x_scale: str = _scale("x")
    width: int = _pixels("x", "width")
    y: str | None = _axis_key("up")
    y_low: float | None = _end("y", "lower")
    y_high: float | None = _end("y", "upper")
    y_scale: str = _scale("y")
    height: int = _pixels("y", "height")
    value: str = choice(
        "epochs_to_solve", PIXEL_VALUES, "what the picture of a landscape shows",
        f"{_EXAMPLE} landscape.value=outcome",
    )  # fmt: skip


@dataclass
class Config:
    """One run: everything that decides its outcome, and where it is recorded."""

    seed: int = key(
        42, "seed of the initial weights", f"an integer from 0 to {MAX_SEED}", "seed=7",
        is_integer(0, MAX_SEED),
    )  # fmt: skip
    plan: bool = key(
        False, "print what a sweep would do, and stop", "true or false", "-m plan=true", is_flag
    )
    task: TaskConfig = field(default_factory=TaskConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    init: InitConfig = field(default_factory=InitConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    landscape: LandscapeConfig = field(default_factory=LandscapeConfig)
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
FIELDS: tuple[Leaf, ...] = tuple(_leaves(Config))
SECTIONS = frozenset(group for _, group, _, _ in FIELDS if group)

# Groups of `conf/` and what may be chosen in each.
GROUPS: dict[str, tuple[str, ...]] = {
    "task": TASKS,
    "network": ("dense",),
    "init": INITIALIZERS,
    "optimizer": OPTIMIZERS,
    "training": ("default",),
    "landscape": ("default",),
    "tracking": ("default",),
    "study": (
        "first", "failures", "notebook", "hamey1991", "kramer1988", "kramer1988_parity",
        "kolen1990", "kolen1990_slice", "tr_xor", "tr_xor_leaky", "tr_xor_steep",
    ),
}  # fmt: skip
