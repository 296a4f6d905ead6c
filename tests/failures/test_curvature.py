"""Gradient and Hessian against finite differences, training's own gradient and hand arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.strategies import shapes
from tests.networks.test_passes import plain_forward
from xorlab import configure, train
from xorlab.errors import ConfigError
from xorlab.failures import curvature as room
from xorlab.failures.curvature import error_surface
from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import initial_layers, wiring_of
from xorlab.networks.initializers.normal import Normal
from xorlab.networks.losses.loss import Loss
from xorlab.networks.optimizers.optimizer import Optimizer
from xorlab.networks.parameters import pack, parameter_count
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import layer_sizes, shape_of
from xorlab.networks.updates.update import seen_of

ALONE = [name for name, kind in Activation.choices().items() if not kind.couples]
STEP = 1e-5


def points(config: Config, seed: int, width: int = 2, spread: float = 0.7):
    """A task, its layer sizes and random weights (K, N)."""
    task = make_task(config.task)
    sizes = layer_sizes(config, task)
    shape = (parameter_count(sizes, wiring_of(config)), width)
    return task, sizes, np.random.default_rng(seed).normal(0, spread, shape)


def shifted(columns: np.ndarray, size: float) -> np.ndarray:
    """Every network (one column) with every parameter moved alone: (K, N * K)."""
    k, n = columns.shape
    return (columns[:, :, None] + size * np.eye(k)[:, None, :]).reshape(k, n * k)


def sides(config: Config, task, columns: np.ndarray) -> np.ndarray:
    """(N, ...) which side of its kink every unit is on."""
    surface = error_surface(config, task, columns)
    names = [config.network.activation] * len(surface.hidden) + [config.network.output]
    flat = [
        (slope > 0.9).reshape(columns.shape[1], -1)
        for name, slope in zip(names, surface.slopes, strict=True)
        if Activation.choices()[name].kinked
    ]
    return np.concatenate([*flat, np.zeros((columns.shape[1], 1), bool)], axis=1)


@settings(max_examples=80)
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


@settings(max_examples=40)
@given(config=shapes(), seed=st.integers(0, 2**32 - 1))
def test_the_minimised_loss_is_the_one_of_training(config, seed):
    task, sizes, columns = points(config, seed)
    shape = replace(shape_of(config, sizes), dtype="float64")
    decay = getattr(config.optimizer, "weight_decay", 0.0)
    surface = error_surface(config, task, columns, decay)
    loss_of = Loss.choices()[config.training.loss]
    # Weight decay counts with every update of an epoch, but only once in a mean over patterns.
    mean, patterns = config.training.loss == "half_mse", len(task.inputs)
    passes = 1 if mean else patterns / seen_of(config.training, patterns)
    for index in range(columns.shape[1]):
        outputs = plain_forward(columns[:, index], shape, task.inputs)
        np.testing.assert_allclose(surface.outputs[index], outputs, rtol=1e-10, atol=1e-12)
        loss = loss_of.value(outputs, task.targets)
        weights = 0.5 * decay * np.sum(columns[:, index] ** 2)
        assert surface.loss[index] == pytest.approx(loss + passes * weights, rel=1e-10)


@settings(max_examples=60)
@given(
    config=shapes(),
    rule=st.sampled_from(["gd", "quickprop"]),
    decay=st.sampled_from([0.0, 0.01]),
    seed=st.integers(0, 99),
)
def test_a_first_step_is_minus_the_gradient_times_the_rate(config, rule, decay, seed):
    """Also that of quickprop, whose weight decay is a part of its slopes."""
    config.init, config.optimizer = Normal(), Optimizer.choices()[rule]()
    config.optimizer.lr, config.optimizer.weight_decay, config.seed = 0.5, decay, seed
    training = config.training
    training.update, training.dtype, training.epochs = "batch", "float64", 1
    training.stop, training.stop_when_solved, training.batch_size = "never", False, None
    training.min_gradient, training.min_loss, training.patience = None, None, None
    task, sizes, _ = points(config, 0)
    start = pack(*initial_layers(config, sizes))
    result = train(config)
    moved = pack(result.weights, result.biases, result.shortcuts) - start
    expected = -0.5 * error_surface(config, task, start[:, None], decay).gradient[:, 0]
    np.testing.assert_allclose(moved, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", [name for name in Loss.choices() if "categorical" not in name])
@pytest.mark.parametrize("name", ALONE)
def test_derivatives_are_those_of_finite_differences(name, loss):
    z = np.array([-40.0, -6.0, -0.7, 0.3, 2.0, 9.0, 40.0])
    low, f, high = (Activation.choices()[name].derivatives(z + h, 0.2) for h in (-STEP, 0, STEP))
    for order in (0, 1):
        slope = (high[order] - low[order]) / (2 * STEP)
        np.testing.assert_allclose(f[order + 1], slope, rtol=1e-6, atol=1e-9)
    if loss == "cross_entropy" and name != "sigmoid":
        return
    target = np.full_like(z, 0.3)
    low, here, high = (
        Loss.choices()[loss].terms(
            z + h, target, *Activation.choices()[name].derivatives(z + h, 0.2)
        )
        for h in (-STEP, 0, STEP)
    )
    for order in (0, 1):
        slope = (high[order] - low[order]) / (2 * STEP)
        np.testing.assert_allclose(here[order + 1], slope, rtol=1e-6, atol=1e-7)


def test_a_kink_is_where_the_first_derivative_jumps():
    for name, kind in Activation.choices().items():
        below, above = kind.derivatives(np.array([-1e-9, 1e-9]), 0.2)[1]
        assert kind.kinked == (abs(above - below) > 0.1), name


def test_an_odd_activation_is_its_own_mirror_image():
    z = np.array([0.5, 1.5])
    for name in ALONE:
        kind = Activation.choices()[name]
        sums = kind.derivatives(z, 0.2)[0] + kind.derivatives(-z, 0.2)[0]
        assert kind.odd == (abs(sums[0] - sums[1]) < 1e-9), name


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
    single = train(configure("optimizer.lr=4", "network.hidden=1", "training.epochs=2000"))
    weights = [np.repeat(single.weights[0], 2, axis=1), np.repeat(single.weights[1], 2, axis=0) / 2]
    twin = pack(weights, [np.repeat(single.biases[0], 2), single.biases[1]])[:, None]
    surface = error_surface(Config(), make_task(Config().task), twin)
    eigenvalues, vectors = np.linalg.eigh(surface.hessian[0])
    assert eigenvalues[0] < -1e-6
    exchanged = [1, 0, 3, 2, 5, 4, 6, 8, 7]  # biases, weights by input, output bias and weights
    np.testing.assert_allclose(vectors[exchanged, 0], -vectors[:, 0], atol=1e-6)


def test_a_sum_of_one_absolute_value_solves_xor_on_two_kinks():
    """|x1 - x2|: by hand, f' is 0 at both kinks, so that two patterns alone bend E."""
    config = configure(
        "network.hidden=1", "network.activation=abs", "network.output=linear", "network.readout=sum"
    )
    surface = error_surface(config, make_task(config.task), np.array([[0.0], [1.0], [-1.0]]))
    assert surface.outputs[0].ravel().tolist() == [0, 1, 1, 0]
    assert surface.kinks.tolist() == [2]
    assert (surface.loss[0], surface.gradient.any()) == (0, False)
    # d(output) by bias, first and second weight: -(1, 0, 1) where x = (0, 1), (1, 1, 0) at (1, 0).
    assert surface.hessian[0].tolist() == [[2, 1, 1], [1, 1, 0], [1, 0, 1]]


def test_weights_past_the_hidden_units_come_last():
    config = configure("network.skip=true", "network.output=linear")
    surface = error_surface(config, make_task(config.task), np.zeros((11, 1)))
    # All outputs are 0: by an output's bias -sum t, by a skipping weight -sum x t; hidden are 1/2.
    assert surface.gradient[6:, 0].tolist() == [-2, -1, -1, -1, -1]
    bends = surface.hessian[0][np.ix_([6, 9, 10], [6, 9, 10])]
    assert bends.tolist() == [[4, 2, 2], [2, 2, 1], [2, 1, 2]]


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


def test_a_network_too_large_for_a_hessian_is_refused():
    config = configure("network.hidden=800", "network.skip=true")
    message = r"network.hidden=800: must be small enough for at most 1000 .*not 3203"
    with pytest.raises(ConfigError, match=message):
        error_surface(config, make_task(config.task), np.zeros((3203, 1)))


@pytest.mark.parametrize("update", ["batch", "online"])
@pytest.mark.parametrize("loss", ["half_sse", "half_mse"])
def test_the_gradient_is_the_one_that_may_end_training(loss, update):
    overrides = (
        f"training.loss={loss}",
        f"training.update={update}",
        "optimizer.weight_decay=0.01",
        "training.epochs=1",
    )
    config = configure(*overrides)
    task = make_task(config.task)
    start = pack(*initial_layers(config, layer_sizes(config, task)))
    norm = float(np.linalg.norm(error_surface(config, task, start[:, None], 0.01).gradient))
    for share, epochs in ((0.999, 1), (1.001, 0)):
        ended = train(configure(*overrides, f"training.min_gradient={share * norm}"))
        assert ended.epochs_run == epochs
