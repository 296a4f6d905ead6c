"""Recorded weights come back as they were trained, with the configuration they came from."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import xorlab
from tests.strategies import shapes
from xorlab.config import Config
from xorlab.errors import ConfigError, StoreError
from xorlab.identity import from_science, science
from xorlab.tracking.record import config_yaml
from xorlab.tracking.store import open_store
from xorlab.tracking.weights import _config

MIXTURE = (
    "-m", "seed=range(0,3)", "network.hidden=2,[3,2]", "optimizer.lr=0.5,1e-5",
    "training.epochs=30", "hydra.launcher.executor=inline",
)  # fmt: skip


def folder_of(run_id: str) -> Path:
    store = open_store(None, "xorlab")
    return Path(store.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))


@pytest.mark.parametrize("bulk", ["true", "false"])
def test_a_network_is_the_one_that_was_trained(bulk, command, store_file):
    assert command(*MIXTURE, f"tracking.bulk={bulk}").code == 0
    runs = xorlab.load_runs()
    networks = xorlab.load_weights(runs.iloc[::-1])
    assert list(networks) == runs["run_id"].tolist()[::-1]
    for run in runs.to_dict("records"):
        network = networks[run["run_id"]]
        assert network.config.seed == run["seed"]
        assert network.config.optimizer.lr == run["optimizer.lr"]
        trained = xorlab.train(network.config)
        for recorded, own in zip(
            network.weights + network.biases, trained.weights + trained.biases, strict=True
        ):
            np.testing.assert_array_equal(recorded, own)
        inputs = np.array([[0.0, 0.0], [0.3, 1.0]])
        answers = [xorlab.predict(network.config, own, inputs) for own in (network, trained)]
        np.testing.assert_array_equal(*answers)


def same(one: Config, other: Config) -> bool:
    """Equal but for keys that play no part."""
    return science(one) == science(other)


@settings(max_examples=50)
@given(config=shapes())
def test_a_configuration_comes_back_from_its_science_keys_and_its_yaml(config):
    assert same(from_science(science(config)), config)
    if config.task.name != "parity":
        config.task.bits = None
    assert same(_config("run", config_yaml(config).encode()), config)


def test_what_this_version_does_not_know_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"network.wings=2: must be a key that this version"):
        from_science({"network.wings": 2})
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


@pytest.mark.parametrize("content", [None, b"", b"PK not a zip", pickled()])
def test_weights_that_cannot_be_read_are_told_with_their_run(content, command, store_file):
    assert command("training.epochs=5").code == 0
    runs = xorlab.load_runs()
    (run_id,) = runs["run_id"]
    path = folder_of(run_id) / "weights.npz"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError, match=run_id):
        xorlab.load_weights(runs)


def test_runs_that_are_not_there_are_told(command, store_file):
    assert command("training.epochs=5").code == 0
    runs = xorlab.load_runs()
    shutil.rmtree(folder_of(runs["run_id"][0]))
    with pytest.raises(StoreError, match=r"no readable weights\.npz"):
        xorlab.load_weights(runs)
    with pytest.raises(StoreError, match="there is no run nobody in this store"):
        xorlab.load_weights(runs.assign(run_id="nobody"))
    assert xorlab.load_weights(runs.iloc[:0]) == {}
