"""Configurations for property tests: every task, activation, loss, update and optimizer option."""

from __future__ import annotations

from hypothesis import strategies as st

from xorlab.config import Config
from xorlab.keys import ACTIVATIONS, DTYPES, GATES, INITIALIZERS, UPDATES

TABLE = "x1,x2,x3,y1,y2\n0,1,0.5,0,1\n1,0,-0.25,1,0\n0.5,1,2,1,1\n-1,0,1,0,0\n0.1,1,0.2,1,0\n"


@st.composite
def shapes(draw, table: str | None = None) -> Config:
    """A configuration that fixes everything but what may differ inside a shard."""
    config = Config()
    tasks = [*GATES, "parity"] + (["table"] if table else [])
    config.task.name = draw(st.sampled_from(tasks))
    if config.task.name == "parity":
        config.task.bits = draw(st.integers(2, 4))
    if config.task.name == "table":
        config.task.path, config.task.outputs = table, draw(st.integers(1, 2))
    else:
        config.task.low = draw(st.sampled_from([0.0, -1.0, 0.1]))
        config.task.target_low = draw(st.sampled_from([0.0, 0.1]))
    config.network.hidden = draw(
        st.one_of(st.integers(1, 5), st.lists(st.integers(1, 4), min_size=1, max_size=3))
    )
    config.network.activation = draw(st.sampled_from(ACTIVATIONS))
    config.network.output = draw(st.sampled_from(ACTIVATIONS))
    config.network.slope = draw(st.sampled_from([0.0, 0.01, 0.3]))
    losses = ["half_sse", "half_mse"]
    if config.network.output == "sigmoid" and config.task.name != "table":
        losses.append("cross_entropy")
    config.training.loss = draw(st.sampled_from(losses))
    config.training.update = draw(st.sampled_from(UPDATES))
    config.training.dtype = draw(st.sampled_from(DTYPES))
    config.training.epochs = draw(st.integers(1, 60))
    config.training.record_every = draw(st.sampled_from([None, 1, 7]))
    config.training.target_loss = draw(st.sampled_from([None, 0.2]))
    config.training.stop_when_solved = draw(st.booleans())
    config.optimizer.momentum = draw(st.sampled_from([0.0, 0.9]))
    config.optimizer.weight_decay = draw(st.sampled_from([0.0, 0.01]))
    return config


@st.composite
def draws(draw) -> dict[str, object]:
    """What may differ from network to network."""
    init = draw(st.sampled_from(INITIALIZERS))
    return {
        "seed": draw(st.integers(0, 2**32 - 1)),
        "init": init,
        "init.range": draw(st.floats(0.1, 5.0)) if init == "uniform" else None,
        "init.std": draw(st.floats(0.1, 5.0)) if init == "normal" else None,
        # The largest make networks diverge beside others that do not.
        "lr": draw(st.sampled_from([0.01, 0.5, 2.0, 20.0, 1e6, 1e200])),
        "tolerance": draw(st.sampled_from([0.1, 0.4, 0.49])),
    }
