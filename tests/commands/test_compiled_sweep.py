"""Sweeps with the compiled backend, from the plan to recorded weights."""

from __future__ import annotations

import numpy as np
import pytest

import xorlab
from xorlab.networks.train import train, train_many

pytest.importorskip("llvmlite", reason="needs xorlab[compiled]")

COMPILED = ("training.backend=compiled", "training.epochs=300", "optimizer.lr=2")
INLINE = "hydra.launcher.executor=inline"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Code is kept in a folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_sweep_is_recorded_and_resumed_with_the_same_bits(store_file, capfd):
    runs = xorlab.sweep("seed=range(0,12)", *COMPILED, INLINE)
    again = xorlab.sweep("seed=range(0,16)", *COMPILED, INLINE)
    assert "4 trained in" in capfd.readouterr().out  # in another batch, the others alone
    assert {*runs["run_id"]} < {*again["run_id"]}
    some = again.iloc[::5]
    recorded = xorlab.load_weights(some)
    for seed, run_id in zip(some["seed"], some["run_id"], strict=True):
        expected = train(xorlab.configure(f"seed={seed}", *COMPILED))
        for found, weights in zip(recorded[run_id].weights, expected.weights, strict=True):
            assert found.tobytes() == weights.tobytes()


def test_the_plan_says_what_compiling_takes(store_file, command):
    printed = command("-m", "seed=range(0,12)", *COMPILED, "plan=true").out
    assert "about 1 s in each worker" in printed
    printed = command("-m", "seed=range(0,200000)", "plan=true").out
    assert "training.backend=compiled" in printed


@pytest.mark.parametrize("hidden", [2, [4, 3]])
def test_a_network_has_the_same_bits_in_a_batch_of_any_width(hidden, monkeypatch):
    def outcomes(count: int) -> list[bytes]:
        configs = [xorlab.configure(f"seed={seed}", *COMPILED) for seed in range(3)]
        for config in configs:
            config.network.hidden, config.training.epochs = hidden, 40
        some = [configs[place % 3] for place in range(count)]
        return [
            np.concatenate([result.loss, *map(np.ravel, result.weights)]).tobytes()
            for result in train_many(some)
        ]

    alone = [outcomes(place + 1)[place] for place in range(3)]
    for width in (8, 9, 511, 513, 2050):
        assert outcomes(width) == [alone[place % 3] for place in range(width)]
    monkeypatch.setattr("xorlab.networks.train.CHUNK_BYTES", 1)
    assert outcomes(200) == [alone[place % 3] for place in range(200)]
