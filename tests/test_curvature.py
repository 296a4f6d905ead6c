"""Gradient and Hessian against finite differences, training's own gradient and hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import shapes
from tests.test_network import plain_forward
from xorlab import configure, train
from xorlab import curvature as room
from xorlab.batch import Batch, Lanes, Recipe
from xorlab.config import Config
from xorlab.curvature import error_surface, layer_sizes
from xorlab.derivatives import DERIVATIVES, TERMS
from xorlab.errors import ConfigError
from xorlab.keys import ACTIVATIONS
from xorlab.losses import LOSSES
from xorlab.network import Shape
from xorlab.optimizers import OPTIMIZERS
from xorlab.parameters import pack, parameter_count
from xorlab.tasks import make_task

STEP = 1e-5


def points(config: Config, seed: int, width: int = 3, spread: float = 0.7):
    """A task, its layer sizes and random weights (K, N)."""
    task = make_task(config.task)
    sizes = layer_sizes(config, task)
    shape = (parameter_count(sizes), width)
    return task, sizes, np.random.default_rng(seed).normal(0, spread, shape)


def shifted(columns: np.ndarray, size: float) -> np.ndarray:
    """Every network (one column) with every parameter moved alone: (K, N * K)."""
    k, n = columns.shape
    return (columns[:, :, None] + size * np.eye(k)[:, None, :]).reshape(k, n * k)


def sides(config: Config, task, columns: np.ndarray) -> np.ndarray:
    """(N, ...) which side of its kink every unit is on."""
    surface = error_surface(config, task, columns)
    names = [config.network.activation] * len(surface.hidden) + [config.network.output]
    layers = zip(names, [*surface.hidden, surface.outputs], surface.slopes, strict=True)
    flat = [
        ((a > 0) if name == "relu" else (slope > 0.9)).reshape(columns.shape[1], -1)
        for name, a, slope in layers
        if name in ("relu", "leaky_relu")
    ]
    return np.concatenate([*flat, np.zeros((columns.shape[1], 1), bool)], axis=1)


@settings(max_examples=120)
@given(config=shapes(), seed=st.integers(0, 2**32 - 1), decay=st.sampled_from([0.0, 0.03]))
def test_gradient_and_hessian_are_those_of_finite_differences(config, seed, decay):
    task, _, columns = points(config, seed)
    k, n = columns.shape
    surface = error_surface(config, task, columns, decay)
    up, down = (
        error_surface(config, task, shifted(columns, size), decay) for size in (STEP, -STEP)
    )
    gradient = (up.loss - down.loss).reshape(n, k).T / (2 * STEP)
    hessian = (up.gradient - down.gradient).reshape(k, n, k).transpose(1, 0, 2) / (2 * STEP)
    # A kink between two points leaves nothing to compare with.
    crossed = sides(config, task, shifted(columns, STEP)) != sides(
        config, task, shifted(columns, -STEP)
    )
    smooth = ~crossed.any(axis=1).reshape(n, k).any(axis=1)
    np.testing.assert_allclose(
        surface.gradient[:, smooth], gradient[:, smooth], rtol=1e-6, atol=1e-7
    )
    np.testing.assert_allclose(surface.hessian[smooth], hessian[smooth], rtol=1e-6, atol=1e-7)


@settings(max_examples=60)
@given(config=shapes(), seed=st.integers(0, 2**32 - 1))
def test_the_minimised_loss_is_the_one_of_training(config, seed):
    task, sizes, columns = points(config, seed)
    shape = Shape(sizes, config.network.activation, config.network.output, config.network.slope,
                  config.training.loss, "float64")  # fmt: skip
    surface = error_surface(config, task, columns, config.optimizer.weight_decay)
    online = config.training.update == "online"
    passes = len(task.inputs) if online else 1
    for lane in range(columns.shape[1]):
        outputs = plain_forward(columns[:, lane], shape, task.inputs)
        # One update per pattern descends, pattern after pattern, that pattern's own loss.
        parts = zip(outputs, task.targets, strict=True) if online else [(outputs, task.targets)]
        loss = sum(
            LOSSES[config.training.loss].value(y[None] if online else y, t) for y, t in parts
        )
        weights = 0.5 * config.optimizer.weight_decay * np.sum(columns[:, lane] ** 2)
        assert surface.loss[lane] == pytest.approx(loss + passes * weights, rel=1e-10)


@settings(max_examples=60)
@given(config=shapes(), seed=st.integers(0, 2**32 - 1))
def test_a_step_of_gradient_descent_is_minus_the_gradient_times_the_rate(config, seed):
    config.training.update, config.training.dtype = "batch", "float64"
    config.optimizer.momentum, config.optimizer.lr = 0.0, 0.5
    task, sizes, columns = points(config, seed)
    gd = OPTIMIZERS["gd"]
    shape = Shape(sizes, config.network.activation, config.network.output, config.network.slope,
                  config.training.loss, "float64")  # fmt: skip
    flags = gd.flags(config.optimizer)
    recipe = Recipe(shape, task, "gd", flags, online=False, by_loss=False, states=0)
    scale = LOSSES[config.training.loss].scale(*task.targets.shape)
    values = {
        name: np.full(columns.shape[1], v) for name, v in gd.values(config.optimizer, scale).items()
    }
    batch = Batch(recipe, Lanes(columns.copy(), [], values, np.full(columns.shape[1], -1.0)))
    for call in [*batch.look, *batch.learn]:
        call()
    moved = batch.lanes.parameters[:, : columns.shape[1]] - columns
    expected = -0.5 * error_surface(config, task, columns, config.optimizer.weight_decay).gradient
    np.testing.assert_allclose(moved, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", TERMS)
@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_are_those_of_finite_differences(name, loss):
    z = np.array([-40.0, -6.0, -0.7, 0.3, 2.0, 9.0, 40.0])
    low, f, high = (DERIVATIVES[name](z + h, 0.2) for h in (-STEP, 0, STEP))
    for order in (0, 1):
        slope = (high[order] - low[order]) / (2 * STEP)
        np.testing.assert_allclose(f[order + 1], slope, rtol=1e-6, atol=1e-9)
    if loss == "cross_entropy" and name != "sigmoid":
        return
    target = np.full_like(z, 0.3)
    low, here, high = (TERMS[loss](z + h, target, *DERIVATIVES[name](z + h, 0.2))
                       for h in (-STEP, 0, STEP))  # fmt: skip
    for order in (0, 1):
        slope = (high[order] - low[order]) / (2 * STEP)
        np.testing.assert_allclose(here[order + 1], slope, rtol=1e-6, atol=1e-7)


def test_every_activation_and_loss_of_the_schema_is_known():
    assert set(DERIVATIVES) >= set(ACTIVATIONS)
    assert set(TERMS) == set(LOSSES)


def test_all_zero_weights_are_a_stationary_point_of_xor_and_no_strict_minimum():
    config = Config()
    task = make_task(config.task)
    surface = error_surface(config, task, np.zeros((9, 1)))
    # Every output is 0.5: E = 1/2 * 4 * 0.25.
    assert surface.loss[0] == 0.5
    assert (surface.outputs == 0.5).all()
    np.testing.assert_allclose(surface.gradient, 0, atol=1e-17)
    # By hand: hidden units answer 0.5, so an output weight acts as half an output bias, and the
    # output bias has dy/db = 1/4 in each of 4 patterns: d2E/db2 = 4/16. Nothing else bends.
    eigenvalues = np.linalg.eigvalsh(surface.hessian[0])
    np.testing.assert_allclose(eigenvalues, [0] * 8 + [0.25 * (1 + 2 * 0.25)], atol=1e-15)


def test_two_equal_hidden_units_are_a_saddle_that_falls_where_they_part():
    """Equal units train as one, so a network with one hidden unit shows where two end up."""
    single = train(configure("optimizer.lr=2", "network.hidden=1", "seed=3"))
    weights = [np.repeat(single.weights[0], 2, axis=1), np.repeat(single.weights[1], 2, axis=0) / 2]
    twin = pack(weights, [np.repeat(single.biases[0], 2), single.biases[1]])[:, None]
    surface = error_surface(Config(), make_task(Config().task), twin)
    eigenvalues, vectors = np.linalg.eigh(surface.hessian[0])
    assert eigenvalues[0] < -1e-6
    exchanged = [1, 0, 3, 2, 5, 4, 6, 8, 7]  # biases, weights by input, output bias and weights
    np.testing.assert_allclose(vectors[exchanged, 0], -vectors[:, 0], atol=1e-6)


def test_many_networks_are_computed_in_chunks_with_the_same_numbers(monkeypatch):
    config = configure("network.hidden=[3,2]", "network.activation=tanh")
    task, _, columns = points(config, 0, width=11)
    whole = error_surface(config, task, columns, np.linspace(0, 1, 11))
    monkeypatch.setattr(room, "_CHUNK_BYTES", 1)
    single = error_surface(config, task, columns, np.linspace(0, 1, 11))
    for name in ("loss", "gradient", "hessian", "outputs", "kinks"):
        np.testing.assert_allclose(getattr(single, name), getattr(whole, name), rtol=1e-12)
    assert [layer.shape for layer in single.slopes] == [(11, 4, 3), (11, 4, 2), (11, 4, 1)]


def test_units_on_a_kink_are_counted():
    config = configure("network.activation=relu", "network.output=linear")
    surface = error_surface(config, make_task(config.task), np.zeros((9, 2)))
    assert surface.kinks.tolist() == [8, 8]


def test_no_networks_give_empty_arrays():
    surface = error_surface(Config(), make_task(Config().task), np.empty((9, 0)))
    assert surface.hessian.shape == (0, 9, 9)


def test_what_this_mathematics_does_not_know_is_refused(monkeypatch):
    task = make_task(Config().task)
    monkeypatch.delitem(DERIVATIVES, "tanh")
    with pytest.raises(ConfigError, match=r"network.activation=tanh: must be one of sigmoid"):
        error_surface(configure("network.activation=tanh"), task, np.zeros((9, 1)))
    monkeypatch.setattr(room, "_KNOWN_NETWORK_KEYS", ("hidden", "activation", "output"))
    with pytest.raises(ConfigError, match=r"network.slope=0.5: must be 0.01 where"):
        error_surface(configure("network.slope=0.5"), task, np.zeros((9, 1)))
    with pytest.raises(ConfigError, match=r"network.hidden=800: must be small enough"):
        error_surface(configure("network.hidden=800"), task, np.zeros((3201, 1)))
