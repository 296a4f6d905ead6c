"""Recorded weights come back as they were trained, with the configuration they came from."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import xorlab
from tests.helpers.strategies import shapes
from xorlab.errors import ConfigError, StoreError
from xorlab.networks.config import Config
from xorlab.networks.identity import from_identity_params, identity_params
from xorlab.networks.spec import spec_of
from xorlab.tracking.read.weights import _config
from xorlab.tracking.store.opening import open_store

INLINE = "hydra.launcher.executor=inline"
MIXTURE = (
    "-m",
    "network.readout=dense,sum",
    "network.skip=false,true,all",
    "network.output=linear",
    "optimizer.lr=1e-5",
    "training.epochs=30",
    INLINE,
)

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def folder_of(run_id: str) -> Path:
    store = open_store(None, "xorlab")
    return Path(store.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))


@pytest.mark.parametrize(
    "some",
    [
        ("seed=1", "network.hidden=2,[3,2]"),
        ("seed=3", "network.hidden=[3,2]", "tracking.bulk=false"),
    ],
    ids=["bulk", "client"],
)
def test_a_network_is_the_one_that_was_trained(some, command, store_file):
    assert command(*MIXTURE, *some).code == 0
    runs = xorlab.load_runs()
    networks = xorlab.load_weights(runs.iloc[::-1])
    assert list(networks) == runs["run_id"].tolist()[::-1]
    configs = [network.config for network in networks.values()]
    for network, trained in zip(networks.values(), xorlab.train_many(configs), strict=True):
        assert network.config.optimizer.lr == 1e-5
        for recorded, own in zip(arrays(network), arrays(trained), strict=True):
            np.testing.assert_array_equal(recorded, own)
        found = xorlab.predict(network.config, network, SQUARE)
        np.testing.assert_allclose(found, trained.predictions, rtol=1e-13, atol=1e-15)
        inputs = np.array([[0.0, 0.0], [0.3, 1.0]])
        answers = [xorlab.predict(network.config, own, inputs) for own in (network, trained)]
        np.testing.assert_array_equal(*answers)
    rows = runs.set_index("run_id").loc[list(networks)]
    assert [config.seed for config in configs] == rows["seed"].tolist()
    for network in networks.values():
        asked = network.config.network
        assert len(network.weights) == len(network.config.hidden) + (asked.readout == "dense")
        assert (network.skip is not None) == (asked.skip is not False)


def arrays(network) -> list[np.ndarray]:
    return [*network.weights, *network.biases, *network.shortcuts.values()]


def same(one: Config, other: Config) -> bool:
    """Equal but for keys that play no part."""
    return identity_params(one) == identity_params(other)


@settings(max_examples=40)
@given(config=shapes())
def test_a_configuration_comes_back_from_its_science_keys_and_its_yaml(config):
    assert same(from_identity_params(identity_params(config)), config)
    assert same(_config("run", spec_of(config).yaml(config.seed).encode()), config)


def test_what_this_version_does_not_know_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"network.wings=2: must be a key that this version"):
        from_identity_params({"network.wings": 2})
    with pytest.raises(StoreError, match=r"config.yaml of run abc .*network.wings"):
        _config("abc", b"seed: 3\nnetwork: {wings: 2}\n")
    with pytest.raises(StoreError, match=r"config.yaml of run abc .*optimizer.lr=-1"):
        _config("abc", b"seed: 3\noptimizer: {lr: -1}\n")
    for text in (b"[", b"- 3", b"", b"seed: !!python/object/apply:os.getcwd []"):
        with pytest.raises(StoreError, match="run abc"):
            _config("abc", text)


def pickled() -> bytes:
    file = io.BytesIO()
    np.savez(file, weights_1=np.array([print], object), biases_1=np.zeros(1))
    return file.getvalue()


def test_runs_without_readable_weights_are_told(command, store_file):
    assert command("-m", "seed=1", "training.epochs=5", INLINE).code == 0
    runs = xorlab.load_runs()
    (run_id,) = runs["run_id"]
    path = folder_of(run_id) / "weights.npz"
    for content in (b"", b"PK not a zip", pickled(), None):
        path.unlink() if content is None else path.write_bytes(content)
        with pytest.raises(StoreError, match=run_id):
            xorlab.load_weights(runs)
    shutil.rmtree(path.parent)
    with pytest.raises(StoreError, match=r"no readable weights\.npz"):
        xorlab.load_weights(runs)
    with pytest.raises(StoreError, match="there is no run nobody in this store"):
        xorlab.load_weights(runs.assign(run_id="nobody"))
    assert xorlab.load_weights(runs.iloc[:0]) == {}
