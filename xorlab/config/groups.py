"""The groups of which one choice is made by name, each with keys of its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from xorlab.config.fields import (
    GRADIENT_TERMS,
    INITIALIZERS,
    MAX_BITS,
    MAX_UNITS,
    MAX_WIDTH,
    OPTIMIZERS,
    TASKS,
    choice,
    group_field,
    is_finite,
    is_integer,
    is_positive,
    is_share,
    is_text,
    is_weights,
    key,
)


@dataclass
class TaskConfig:
    """What is to be learned; chosen with `task=NAME`."""

    name: str = choice("xor", TASKS, "the task; chosen as task=NAME", "task=parity")
    bits: int | None = group_field(
        {"parity": 3, "symmetry": 6},
        "number of inputs of parity and symmetry",
        f"an integer from 2 to {MAX_BITS}",
        "task=parity task.bits=4",
        is_integer(2, MAX_BITS),
    )
    width: int | None = group_field(
        {"encoder": 8},
        "number of patterns, inputs and outputs of the encoder",
        f"an integer from 2 to {MAX_WIDTH}",
        "task=encoder task.width=8 network.hidden=3",
        is_integer(2, MAX_WIDTH),
    )
    path: str | None = group_field(
        {"table": None},
        "file of a table: a CSV (targets in the last columns, a header is "
        "optional), or an npz with arrays inputs and targets",
        "the path of a CSV or npz file",
        "task=table task.path=data.csv",
        is_text,
    )
    outputs: int | None = group_field(
        {"table": None},
        "how many of the last columns of a CSV table are targets",
        "an integer >= 1",
        "task=table task.path=data.csv task.outputs=2",
        is_integer(1, MAX_UNITS),
        optional=True,
    )
    low: float = key(
        0.0, "input that codes 0", "a finite number other than task.high", "task.low=-1", is_finite
    )
    high: float = key(1.0, "input that codes 1", "a finite number", "task.high=1", is_finite)
    target_low: float = key(
        0.0,
        "target that codes 0",
        "a finite number below task.target_high",
        "task.target_low=0.1",
        is_finite,
    )
    target_high: float = key(
        1.0, "target that codes 1", "a finite number", "task.target_high=0.9", is_finite
    )


@dataclass
class InitConfig:
    """How the weights start; chosen with `init=NAME`."""

    name: str = choice(
        "notebook", INITIALIZERS, "initial weights; chosen as init=NAME", "init=glorot"
    )
    range: float | None = group_field(
        {"uniform": 1.0},
        "uniform: weights and biases from U(-range, range)",
        "a number > 0",
        "init=uniform init.range=0.5",
        is_positive,
    )
    std: float | None = group_field(
        {"normal": 1.0},
        "normal: standard deviation of weights and biases",
        "a number > 0",
        "init=normal init.std=0.3",
        is_positive,
    )
    weights: Any = group_field(
        {"given": None},
        "given: every weight, unit by unit from the first hidden to the last "
        "output: its weights from the layer below, from the inputs where network.skip=true, its "
        "bias; x and y stand for init.x and init.y, so that a sweep can vary those",
        "a list of numbers, x and y, such as [1,1,-0.5,1,1,-1.5,1,-1,x]",
        "init=given 'init.weights=[5,5,-2,5,5,-7,x,-6,-3]' init.x=6",
        is_weights,
    )
    x: float | None = group_field(
        {"given": None},
        "given: the weight called x",
        "a finite number",
        "init=given 'init.weights=[5,5,-2,5,5,-7,x,-6,-3]' init.x=6",
        is_finite,
        optional=True,
    )
    y: float | None = group_field(
        {"given": None},
        "given: the weight called y",
        "a finite number",
        "init=given 'init.weights=[5,5,-2,5,5,y,x,-6,-3]' init.x=6 init.y=-7",
        is_finite,
        optional=True,
    )


@dataclass
class OptimizerConfig:
    """How the weights move; chosen with `optimizer=NAME`."""

    name: str = choice("gd", OPTIMIZERS, "the optimizer; chosen as optimizer=NAME", "optimizer=gd")
    lr: float | None = group_field(
        {"gd": 0.1, "quickprop": 0.1, "adam": 0.001, "delta_bar_delta": 0.1},
        "learning rate; quickprop's epsilon, delta_bar_delta's first rate of every weight",
        "a finite number > 0",
        "optimizer.lr=0.5",
        is_positive,
        default=0.1,
    )
    momentum: float | None = group_field(
        {"gd": 0.0},
        "momentum: share of the last step that is repeated",
        "a number >= 0 and < 1",
        "optimizer.momentum=0.9",
        is_share,
        default=0.0,
    )
    weight_decay: float | None = group_field(
        {"gd": 0.0, "quickprop": 0.0},
        "weight decay: this times a weight or bias is added to its gradient",
        "a finite number >= 0",
        "optimizer.weight_decay=1e-4",
        lambda v: is_finite(v) and v >= 0,
        default=0.0,
    )
    eta_plus: float | None = group_field(
        {"rprop": 1.2},
        "a step grows by this while its gradient keeps its sign",
        "a finite number >= 1",
        "optimizer=rprop optimizer.eta_plus=1.1",
        lambda v: is_finite(v) and v >= 1,
    )
    eta_minus: float | None = group_field(
        {"rprop": 0.5},
        "a step shrinks by this when its gradient changes sign",
        "a number > 0 and < 1",
        "optimizer=rprop optimizer.eta_minus=0.7",
        lambda v: is_positive(v) and v < 1,
    )
    delta_0: float | None = group_field(
        {"rprop": 0.1},
        "size of the first step of every weight",
        "a finite number > 0",
        "optimizer=rprop optimizer.delta_0=0.01",
        is_positive,
    )
    delta_max: float | None = group_field(
        {"rprop": 50.0},
        "largest step",
        "a finite number > 0",
        "optimizer=rprop optimizer.delta_max=1",
        is_positive,
    )
    delta_min: float | None = group_field(
        {"rprop": 1e-6},
        "smallest step",
        "a finite number > 0",
        "optimizer=rprop optimizer.delta_min=1e-9",
        is_positive,
    )
    mu: float | None = group_field(
        {"quickprop": 1.75},
        "a step is at most this times the last",
        "a finite number > 0",
        "optimizer=quickprop optimizer.mu=2",
        is_positive,
    )
    gradient_term: str | None = group_field(
        {"quickprop": "same_sign"},
        "when lr times the gradient is added to the parabola's step: "
        "unless the last step went too far, always, or only where the last step was zero",
        "one of " + ", ".join(GRADIENT_TERMS),
        "optimizer=quickprop optimizer.gradient_term=always",
        lambda v: v in GRADIENT_TERMS,
    )
    beta1: float | None = group_field(
        {"adam": 0.9},
        "decay of the mean of the gradient",
        "a number >= 0 and < 1",
        "optimizer=adam optimizer.beta1=0.8",
        is_share,
    )
    beta2: float | None = group_field(
        {"adam": 0.999},
        "decay of the mean of the squared gradient",
        "a number >= 0 and < 1",
        "optimizer=adam optimizer.beta2=0.99",
        is_share,
    )
    epsilon: float | None = group_field(
        {"adam": 1e-8},
        "added to the root of that mean",
        "a finite number > 0",
        "optimizer=adam optimizer.epsilon=1e-7",
        is_positive,
    )
    kappa: float | None = group_field(
        {"delta_bar_delta": 0.035},
        "added to a rate while its gradient keeps its sign",
        "a finite number > 0",
        "optimizer=delta_bar_delta optimizer.kappa=0.1",
        is_positive,
    )
    phi: float | None = group_field(
        {"delta_bar_delta": 0.333},
        "share of a rate that is lost when its gradient changes sign",
        "a number > 0 and < 1",
        "optimizer=delta_bar_delta optimizer.phi=0.1",
        lambda v: is_positive(v) and v < 1,
    )
    theta: float | None = group_field(
        {"delta_bar_delta": 0.7},
        "decay of the mean gradient that a new one is compared with",
        "a number >= 0 and < 1",
        "optimizer=delta_bar_delta optimizer.theta=0.5",
        is_share,
    )


def belongs_to(item: dataclasses.Field[Any], name: str) -> bool:
    """Whether a key belongs to the choice ``name`` of its group; most belong to all."""
    return name in item.metadata.get("choices", (name,))


def select(section: Any, name: str) -> None:
    """Make a choice in place: its own keys get its defaults, those of other choices become null.

    Args:
        section: a `TaskConfig`, `InitConfig` or `OptimizerConfig`.
        name: what is chosen, as on the command line.
    """
    section.name = name
    for item in dataclasses.fields(section):
        if "choices" in item.metadata:
            setattr(section, item.name, item.metadata["choices"].get(name))
