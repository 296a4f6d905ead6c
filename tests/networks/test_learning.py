"""What networks of the usual shapes learn, and what they cannot."""

from __future__ import annotations

import numpy as np

from xorlab import configure
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import train, train_many


def test_a_sum_of_hidden_units_is_the_output():
    config = configure(
        "network.readout=sum",
        "network.output=linear",
        "network.activation=abs",
        "network.hidden=3",
        "init=normal",
        "training.epochs=50",
    )
    result, inputs = train(config), make_task(config.task).inputs
    (weights,), (biases,) = result.weights, result.biases
    expected = np.abs(inputs @ weights + biases).sum(axis=1)
    np.testing.assert_allclose(result.predictions[:, 0], expected, rtol=1e-12)
    assert result.skip is None


def test_one_hidden_unit_learns_xor_with_skip_weights_and_not_without():
    def solved(*overrides: str) -> int:
        return sum(
            result.outcome == "solved"
            for result in train_many(
                configure(
                    "network.hidden=1",
                    "init=uniform",
                    "optimizer.lr=2",
                    f"seed={seed}",
                    "training.epochs=3000",
                    *overrides,
                )
                for seed in range(20)
            )
        )

    assert solved() == 0
    assert solved("network.skip=true") > 5


def test_an_encoder_is_learnt_through_a_bottleneck():
    config = configure(
        "task=encoder",
        "network.hidden=3",
        "optimizer=rprop",
        "init=uniform",
        "training.epochs=1000",
    )
    result = train(config)
    assert result.predictions.shape == (8, 8)
    assert result.outcome == "solved"


def test_symmetry_is_learnt_by_two_hidden_units():
    configs = [
        configure(
            "task=symmetry",
            "task.bits=4",
            "network.hidden=2",
            "init=uniform",
            "optimizer=rprop",
            "training.epochs=2000",
            f"seed={seed}",
        )
        for seed in range(10)
    ]
    assert any(result.outcome == "solved" for result in train_many(configs))
