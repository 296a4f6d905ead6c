"""Configurations for property tests: the whole vocabulary of tasks, networks and optimizers."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import READOUTS, Config
from xorlab.networks.initial_weights import wiring_of
from xorlab.networks.initializers.initializer import Initializer
from xorlab.networks.initializers.notebook import Notebook
from xorlab.networks.line_searches.line_search import LineSearch
from xorlab.networks.optimizers.optimizer import Optimizer
from xorlab.networks.optimizers.quickprop import GRADIENT_TERMS
from xorlab.networks.parameters import parameter_count
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import layer_sizes
from xorlab.networks.training_config import CRITERIA, DTYPES
from xorlab.networks.updates.update import UpdateSchedule
from xorlab.networks.wiring import ALL

LARGE = ("dataset", "two_spirals", "proben1")  # too many patterns for a property
TABLE = "x1,x2,x3,y1,y2\n0,1,0.5,0,1\n1,0,-0.25,1,0\n0.5,1,2,1,1\n-1,0,1,0,0\n0.1,1,0.2,1,0\n"


@st.composite
def shapes(draw, table: str | None = None) -> Config:
    """A configuration that fixes everything but what may differ inside a shard."""
    config = Config()
    tasks = [name for name in TaskConfig.choices() if name not in LARGE]
    tasks = [name for name in tasks if table or name != "table"]
    config.task = TaskConfig.choices()[draw(st.sampled_from(tasks))]()
    if config.task.name in ("parity", "symmetry"):
        config.task.bits = draw(st.integers(2, 4))
    if config.task.name == "encoder":
        config.task.width = draw(st.integers(2, 4))
    if config.task.name == "table":
        config.task.path, config.task.outputs = table, draw(st.integers(1, 2))
    else:
        config.task.low = draw(st.sampled_from([0.0, -1.0, 0.1]))
        config.task.target_low = draw(st.sampled_from([0.0, 0.1]))
    config.network.hidden = draw(
        st.one_of(st.integers(1, 5), st.lists(st.integers(1, 4), max_size=3))
    )
    several = (config.task.outputs_known or 1) > 1
    alone = [name for name, kind in Activation.choices().items() if not kind.couples]
    config.network.activation = draw(st.sampled_from(alone))
    config.network.output = draw(st.sampled_from([*Activation.choices()] if several else alone))
    config.network.slope = draw(st.sampled_from([0.0, 0.01, 0.3, -0.5]))
    if config.hidden:
        config.network.skip = draw(st.sampled_from([False, True, ALL]))
    if config.hidden and config.task.outputs_known in (None, 1):
        config.network.readout = draw(st.sampled_from(READOUTS))
    if config.network.readout == "sum":
        config.network.output = "linear"
    losses = ["half_sse", "half_mse"]
    if config.network.output == "sigmoid" and config.task.name != "table":
        losses.append("cross_entropy")
    if (config.network.output, config.task.choice_name) == ("softmax", "encoder"):
        losses += ["categorical_cross_entropy"] * (config.task.target_low == 0)
    config.training.loss = draw(st.sampled_from(losses))
    config.training.update = draw(st.sampled_from([*UpdateSchedule.choices()]))
    if config.training.update == "minibatch":
        config.training.batch_size = draw(st.integers(1, len(make_task(config.task).inputs)))
    config.training.dtype = draw(st.sampled_from(DTYPES))
    config.training.epochs = draw(st.integers(1, 60))
    config.training.record_every = draw(st.sampled_from([None, 1, 7]))
    config.training.target_loss = draw(st.sampled_from([None, 0.1]))
    config.training.min_gradient = draw(st.sampled_from([None, 0.3]))
    config.training.min_loss = draw(st.sampled_from([None, 0.1]))
    config.training.patience = draw(st.sampled_from([None, 3]))
    config.training.solved_at_end = draw(st.booleans())
    if not config.training.solved_at_end:
        config.training.stop_when_solved = draw(st.booleans())
    if config.task.name != "table" and config.training.target_loss is None:
        config.training.criterion = draw(st.sampled_from(CRITERIA))
    rules = [
        rule
        for rule in Optimizer.choices().values()
        if UpdateSchedule.choices()[config.training.update].whole or rule.batch_only is None
        if rule.losses is None or config.training.loss in rule.losses
    ]
    config.optimizer = draw(st.sampled_from(rules))()
    if hasattr(config.optimizer, "momentum"):
        config.optimizer.momentum = draw(st.sampled_from([0.0, 0.9]))
    if hasattr(config.optimizer, "weight_decay"):
        config.optimizer.weight_decay = draw(st.sampled_from([0.0, 0.01]))
    if hasattr(config.optimizer, "delta_0_high"):
        config.optimizer.delta_0_high = draw(st.sampled_from([None, 1.0]))
    if hasattr(config.optimizer, "gradient_term"):
        config.optimizer.gradient_term = draw(st.sampled_from(GRADIENT_TERMS))
    if hasattr(config.optimizer, "line_search"):
        config.optimizer.line_search = draw(st.sampled_from([*LineSearch.choices()]))
    if hasattr(config.optimizer, "memory"):
        config.optimizer.memory = draw(st.sampled_from([1, 3]))
    return config


# The largest make networks diverge beside others that do not.
_NUMBERS = {
    "lr": [0.01, 0.5, 2.0, 20.0, 1e6, 1e200],
    "eta_plus": [1.0, 1.2, 30.0],
    "eta_minus": [0.5, 0.9],
    "delta_0": [1e-3, 0.1, 1.0],
    "delta_max": [1.0, 50.0, 1e300],
    "mu": [0.5, 1.75, 1e3],
    "beta1": [0.0, 0.9],
    "beta2": [0.0, 0.5, 0.999],
    "epsilon": [1e-8, 0.1],
    "kappa": [0.035, 10.0],
    "phi": [0.1, 0.333],
    "theta": [0.0, 0.7],
    "curvature": [0.01, 0.5, 0.9],
    "sigma": [1e-6, 1e-2],
    "lambda_0": [1e-8, 1.0],
    "damping": [1e-6, 0.01, 1e3],
    "damping_factor": [1.5, 10.0, 1e200],
}


@st.composite
def draws(draw) -> dict[str, object]:
    """What may differ from network to network."""
    return {
        "seed": draw(st.integers(0, 2**32 - 1)),
        "init": draw(st.sampled_from([*Initializer.choices()])),
        "scale": draw(st.floats(0.1, 5.0)),
        "tolerance": draw(st.sampled_from([0.1, 0.3, 0.4])),
        "min_gradient": draw(st.sampled_from([1e-6, 0.05, 0.5, 5.0])),
        "min_loss": draw(st.sampled_from([1e-6, 0.1, 0.25])),
        "patience": draw(st.sampled_from([1, 2, 20])),
        "min_improvement": draw(st.sampled_from([0.0, 1e-24, 1e-3])),
        "optimizer": {name: draw(st.sampled_from(some)) for name, some in _NUMBERS.items()},
    }


def member(shape: Config, values: dict) -> Config:
    """A configuration of that shape, with those values as far as it has the keys."""
    config = copy.deepcopy(shape)
    config.seed = values["seed"]
    config.init = Initializer.choices()[values["init"]]()
    if config.init.name == "uniform":
        config.init.range = values["scale"]
    if config.init.name == "normal":
        config.init.std = values["scale"]
    if config.init.name == "given":
        config.init.weights = given_weights(config)
        config.init.weights[0], config.init.x = "x", values["scale"]
    for name, value in values["optimizer"].items():
        if hasattr(config.optimizer, name):
            setattr(config.optimizer, name, value)
    config.training.tolerance = values["tolerance"]
    config.training.min_improvement = values["min_improvement"]
    for name in ("min_gradient", "min_loss", "patience"):
        if getattr(shape.training, name) is not None:
            setattr(config.training, name, values[name])
    return config


def given_weights(config: Config) -> list:
    """As many weights as the network has."""
    plain = replace(config, init=Notebook())
    count = parameter_count(layer_sizes(plain, make_task(config.task)), wiring_of(config))
    return np.random.default_rng(config.seed).normal(0, 1, count).tolist()
