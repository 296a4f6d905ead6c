"""Python callers are refused as politely as on the command line."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

import xorlab
from xorlab.config.values import flat, from_flat
from xorlab.networks.config import Config


@pytest.fixture(scope="module")
def trained():
    config = xorlab.configure("training.epochs=5")
    return config, xorlab.train(config)


@pytest.mark.parametrize(
    "inputs",
    [
        [[0, 1], [1, 1]],
        ((0, 1), (1, 1)),
        pd.DataFrame({"a": [0, 1], "b": [1, 1]}),
        np.array([[0, 1], [1, 1]], np.float32),
        np.array([["0", "1"], ["1", "1"]]),
    ],
)
def test_inputs_may_be_whatever_is_a_table_of_numbers(trained, inputs):
    expected = xorlab.predict(*trained, np.array([[0.0, 1.0], [1.0, 1.0]]))
    assert xorlab.predict(*trained, inputs).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([0, 1], r"shape \(patterns, 2\), and have shape \(2,\); for one pattern, write \[\["),
        ([[0, 1, 2]], r"shape \(patterns, 2\), and have shape \(1, 3\)"),
        ([[0], [1, 2]], r"must be numbers of shape \(patterns, 2\)"),
        ([["a", "b"]], r"must be numbers of shape \(patterns, 2\)"),
        (None, r"must be numbers of shape \(patterns, 2\)"),
    ],
)
def test_other_inputs_are_refused_with_the_shape(trained, inputs, message):
    with pytest.raises(xorlab.UsageError, match=message):
        xorlab.predict(*trained, inputs)


@pytest.mark.parametrize("value", [{}, None, "seed=1", OmegaConf.create({"seed": 1}), Config])
def test_what_is_not_a_configuration_is_refused(trained, value):
    for call in (
        xorlab.train,
        lambda v: xorlab.train_many([v]),
        lambda v: xorlab.predict(v, trained[1], [[0, 1]]),
    ):
        with pytest.raises(xorlab.UsageError, match=r"takes what xorlab\.configure returns"):
            call(value)
    with pytest.raises(xorlab.UsageError, match=r"takes a list of configurations"):
        xorlab.train_many(trained[0])
    for value, hint in ((None, "this is a NoneType$"), ({}, "one of these by its run id$")):
        with pytest.raises(xorlab.UsageError, match=f"takes a trained network .*{hint}"):
            xorlab.predict(trained[0], value, [[0, 1]])


@pytest.mark.parametrize("value", [{"seed": 1}, ["seed=1"], 5, None])
def test_configure_takes_text(value):
    with pytest.raises(xorlab.UsageError, match="takes overrides as text"):
        xorlab.configure(value)


def test_a_configuration_has_its_keys_and_nothing_else():
    config = xorlab.configure()
    for part, name, hint in (
        (config.training, "epoch", "did you mean epochs?"),
        (config.optimizer, "learning_rate", "there are lr, momentum, weight_decay"),
        (config, "sed", "did you mean seed?"),
        (config.task, "bits", "there are"),
        (config.tracking, "url", "did you mean uri?"),
        (config.landscape, "z", "there are x"),
    ):
        with pytest.raises(AttributeError, match=f"no key {name}; {hint.replace('?', '.')}"):
            setattr(part, name, 1)
    config.training.epochs = 7
    config.seed = 3
    assert (config.training.epochs, config.seed) == (7, 3)
    assert copy.deepcopy(config) == config == pickle.loads(pickle.dumps(config))
    assert from_flat(Config, flat(config)) == config


def test_a_choice_is_no_text():
    config = xorlab.configure()
    config.optimizer = "adam"
    with pytest.raises(xorlab.ConfigError, match=r"optimizer=adam: must be an object as in xorlab"):
        xorlab.train(config)
