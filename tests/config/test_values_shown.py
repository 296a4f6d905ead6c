"""Messages show values with their kind, and propose keys by what they mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import xorlab
from xorlab.config.messages import nearest
from xorlab.networks.config import SCHEMA
from xorlab.networks.spec import run_key


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ('network.hidden="2"', 'this is text, "2": leave out the inner quotes'),
        ("network.hidden='[2,3]'", 'this is text, "[2,3]"'),
        ('init=given init.weights="null"', 'this is text, "null"'),
        ("network.hidden=two", ""),
    ],
)
def test_a_number_in_quotes_is_called_text(override, message):
    with pytest.raises(xorlab.ConfigError) as caught:
        xorlab.configure(*override.split())
    assert message in str(caught.value)
    assert message or "this is text" not in str(caught.value)


def test_numbers_of_numpy_are_numbers():
    config = xorlab.configure()
    config.seed = np.arange(3)[2]
    config.network.hidden = [np.int32(4), np.int64(3)]
    config.optimizer.lr = np.float64(0.5)
    config.training.stop_when_solved = np.bool_(True)
    plain = xorlab.configure(
        "seed=2", "network.hidden=[4,3]", "optimizer.lr=0.5", "training.stop_when_solved=true"
    )
    assert repr(config) == repr(plain)
    assert run_key(config) == run_key(plain)
    config.init = xorlab.configure("init=given", "init.weights=[0,0]").init
    config.init.weights = np.zeros(3)
    assert config.init.weights == [0.0, 0.0, 0.0]
    config.training.epochs = np.float32(2.5)
    with pytest.raises(xorlab.ConfigError, match=r"training\.epochs=2\.5"):
        xorlab.train(config)


def test_comparing_says_that_text_is_no_number():
    runs = pd.DataFrame(
        {
            "lr": [0.1, 0.1, 0.2, 0.2],
            "hidden": ["4", "4", "[4,4]", "[4,4]"],
            "outcome": ["solved", "unsolved", "solved", "solved"],
            "epochs_to_solve": [5, None, 6, 7],
            "epochs_run": [9, 9, 9, 9],
        }
    )
    with pytest.raises(ValueError, match=r"lr holds numbers, and '0\.1' is text"):
        xorlab.compare(runs, {"lr": "0.1"}, {"lr": 0.2})
    with pytest.raises(ValueError, match=r"hidden holds text, as '4'"):
        xorlab.compare(runs, {"hidden": 4}, {"hidden": "[4,4]"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("optimizer.learning_rate", "optimizer.lr"),
        ("learning_rate", "optimizer.lr"),
        ("lr", "optimizer.lr"),
        ("max_iter", "training.epochs"),
        ("training.num_epochs", "training.epochs"),
        ("hidden_size", "network.hidden"),
        ("network.units", "network.hidden"),
        ("network.activation_function", "network.activation"),
        ("random_state", "seed"),
        ("optimizer.l2", "optimizer.weight_decay"),
        ("experiment_name", "tracking.experiment"),
        ("task.sep", "task.delimiter"),
        ("training.epoch", "training.epochs"),
        ("zzz", None),
    ],
)
def test_a_key_is_proposed_by_what_it_means(typed, meant):
    assert nearest(typed, [leaf.key for leaf in SCHEMA.fields]) == meant
