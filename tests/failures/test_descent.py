"""The descent finds a way down where there is one, and stays where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from xorlab import configure, train, train_many
from xorlab.failures.curvature import error_surface
from xorlab.failures.descent import descend
from xorlab.failures.error_values import error_loss
from xorlab.networks.parameters import pack
from xorlab.networks.tasks.tasks import make_task

NONE = np.zeros(1)


def ended(*overrides: str):
    config = configure(*overrides)
    result = train(config)
    packed = pack(result.weights, result.biases)[:, None]
    return config, make_task(config.task), packed


def test_it_leaves_the_symmetric_point_from_which_no_gradient_leads_away():
    config, task = configure(), make_task(configure().task)
    end = descend(config, task, np.zeros((9, 1)), NONE)
    assert end.loss[0] < 0.1 * 0.5


def test_it_stays_at_a_minimum_at_infinity_and_moves_outwards():
    """Outputs 0, 1/2, 1, 1/2: E cannot fall below 2 * 1/8 (Sprinkhuizen-Kuyper & Boers 1999)."""
    config, task, packed = ended("init=uniform", "init.range=1", "seed=162", "optimizer.lr=2")
    end = descend(config, task, packed, NONE)
    assert 0.25 <= end.loss[0] < 0.2501 < error_surface(config, task, packed).loss[0]
    assert np.linalg.norm(end.packed) > 1.5 * np.linalg.norm(packed)


def test_it_returns_to_a_finite_minimum():
    """With weight decay and one hidden unit XOR has a strict minimum that training finds."""
    config, task, packed = ended(
        "network.hidden=1",
        "optimizer.lr=1",
        "init=uniform",
        "init.range=1",
        "optimizer.weight_decay=1e-3",
    )
    decay = np.full(1, 1e-3)
    end = descend(config, task, packed, decay)
    assert np.linalg.norm(error_surface(config, task, end.packed, decay).gradient) < 1e-8
    np.testing.assert_allclose(end.packed, packed, rtol=1e-3, atol=1e-3)
    assert end.smallest[0] > 1e-4


def test_many_networks_end_where_each_would_alone():
    configs = [
        configure(f"seed={s}", "training.epochs=200", "init=uniform", "init.range=2")
        for s in range(8)
    ]
    packed = np.stack([pack(r.weights, r.biases) for r in train_many(configs)], axis=1)
    task = make_task(configs[0].task)
    together = descend(configs[0], task, packed, np.zeros(8))
    for index in range(8):
        alone = descend(configs[0], task, packed[:, index : index + 1], NONE)
        assert alone.loss[0] == pytest.approx(together.loss[index], rel=1e-3)


def test_it_never_ends_above_where_it_began_and_copes_with_flat_and_huge_networks():
    config = configure("network.output=linear", "network.activation=relu")
    task = make_task(config.task)
    packed = np.stack([np.full(9, -1.0), np.full(9, 1e40), np.zeros(9)], axis=1)
    before = error_surface(config, task, packed).loss
    end = descend(config, task, packed, np.zeros(3))
    assert (end.loss <= before * 1.01).all()
    empty = descend(config, task, np.empty((9, 0)), np.empty(0))
    assert empty.loss.shape == (0,)


def test_the_loss_alone_is_that_of_the_surface_to_the_bit():
    config = configure("task=parity", "task.bits=3", "network.hidden=[3,2]", "network.skip=true")
    task = make_task(config.task)
    result = train(config)
    start = pack(result.weights, result.biases, result.shortcuts)
    packed = start[:, None] * np.random.default_rng(1).normal(size=(len(start), 5))
    decay = np.linspace(0, 0.1, 5)
    surface = error_surface(config, task, packed, decay)
    np.testing.assert_array_equal(error_loss(config, task, packed, decay), surface.loss)
