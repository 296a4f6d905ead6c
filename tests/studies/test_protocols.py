"""Protocols of published studies, said as configuration; a few of their runs, not their numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xorlab import configure, train, train_many
from xorlab.networks.initial_weights import initial_layers
from xorlab.networks.tasks.tasks import make_task

HAMEY = """init=uniform init.range=1.4 optimizer.lr=7 optimizer.momentum=0.65 training.epochs=2000
    training.stop_when_solved=true"""
# Half the largest squared error at most 0.1 is an error of at most the root of 0.2.
KRAMER = f"""init=uniform optimizer.lr=1 optimizer.weight_decay=1e-4 training.epochs=50000
    training.tolerance={math.sqrt(0.2)} training.min_gradient=1e-8
    training.stop_when_solved=true"""
KOLEN = """init=uniform init.range=4 optimizer.lr=2 optimizer.momentum=0.5 training.epochs=50000
    training.tolerance=0.5 training.stop_when_solved=true"""
PICTURE = """init=given init.weights=[-0.5,-0.3,0.3,0.6,y,-0.1,-0.6,0.7,x] optimizer.lr=3.25
    optimizer.momentum=0.4 training.epochs=200 training.criterion=right_side
    training.stop_when_solved=true"""
# Half the mean has half the gradient of the mean: Adam's steps are the same with half the epsilon.
TR_XOR = """task.low=-1 network.activation=relu network.readout=sum network.output=linear init=he
    optimizer=adam optimizer.lr=0.01 optimizer.beta2=0.99 optimizer.epsilon=5e-9
    training.loss=half_mse training.criterion=right_side training.solved_at_end=true
    training.min_loss=1e-7 training.patience=10 training.min_improvement=1e-24
    training.epochs=800"""
PROTOCOLS = {
    "notebook": "",
    "hamey": HAMEY,
    "kramer_2_2_1": KRAMER,
    "kramer_4_4_1": f"task=parity task.bits=4 network.hidden=4 {KRAMER} training.epochs=100000",
    "kolen_pollack": KOLEN,
    "kolen_pollack_picture": f"{PICTURE} init.x=2.5 init.y=-4",
    "tr_xor": TR_XOR,
    "tr_xor_leaky": f"{TR_XOR} network.activation=leaky_relu network.slope=0.8",
    "tr_xor_abs": f"{TR_XOR} network.activation=abs",
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_published_protocol_is_a_configuration(name):
    config = configure(*PROTOCOLS[name].split(), "training.epochs=20")
    assert train(config).epochs_run <= 20


def test_the_largest_bit_error_is_a_tolerance():
    config = configure(*KRAMER.split(), "optimizer.lr=2", "seed=3")
    result, task = train(config), make_task(config.task)
    assert result.outcome == "solved"
    assert 0.5 * ((result.predictions - task.targets) ** 2).max() <= 0.1
    config.training.epochs = result.epochs_run - 1
    before = train(config)
    assert 0.5 * ((before.predictions - task.targets) ** 2).max() > 0.1


def test_two_weights_of_a_picture_vary_and_the_rest_stay():
    grid = [(x, y) for x in (-10.0, 0.0, 4.5) for y in (-10.0, 10.0)]
    configs = [
        configure(*PICTURE.split(), f"init.x={x}", f"init.y={y}", "training.epochs=1")
        for x, y in grid
    ]
    for config in configs:
        config.optimizer.lr = 1e-300
    for (x, y), result in zip(grid, train_many(configs), strict=True):
        np.testing.assert_array_equal(result.weights[0], [[-0.5, 0.6], [-0.3, y]])
        np.testing.assert_array_equal(result.biases[0], [0.3, -0.1])
        np.testing.assert_array_equal(result.weights[1], [[-0.6], [0.7]])
        np.testing.assert_allclose(result.biases[1], [x], atol=1e-200)


class PlainSum:
    """The study's loop, written again: Adam on the mean squared error of a sum of two units."""

    def __init__(self, weights, biases, inputs, targets, slope, lr):
        self.w = [weights.copy(), biases.copy()]
        self.mean, self.square = ([np.zeros_like(p) for p in self.w] for _ in range(2))
        self.inputs, self.targets, self.slope, self.lr, self.steps = inputs, targets, slope, lr, 0

    def forward(self):
        z = self.inputs @ self.w[0] + self.w[1]
        return z, np.where(z > 0, z, self.slope * z).sum(axis=1, keepdims=True) - self.targets

    def update(self):
        z, error = self.forward()
        delta = 2 * error / 4 * np.where(z > 0, 1, self.slope)
        self.steps += 1
        for k, g in enumerate((self.inputs.T @ delta, delta.sum(axis=0))):
            self.mean[k] = 0.9 * self.mean[k] + 0.1 * g
            self.square[k] = 0.99 * self.square[k] + 0.01 * g**2
            unbiased = self.square[k] / (1 - 0.99**self.steps)
            mean = self.mean[k] / (1 - 0.9**self.steps)
            self.w[k] -= self.lr * mean / (np.sqrt(unbiased) + 1e-8)

    def run(self, epochs):
        """Epochs counted from 1, and whether every output is then on the right side."""
        least, idle, now = np.inf, 0, 0
        while now < epochs:
            now += 1
            loss = float(np.mean(self.forward()[1] ** 2))
            idle = 0 if least - loss > 1e-24 else idle + 1
            if loss < 1e-7 or idle > 10:
                break
            least = min(least, loss)
            self.update()
        return now, bool((np.abs(self.forward()[1]) < 0.5).all())


def plain_sum(config):
    (weights,), (biases,), _ = initial_layers(config, (2, 2, 1))
    task = make_task(config.task)
    slope = config.network.slope if config.network.activation == "leaky_relu" else 0.0
    return PlainSum(weights, biases, task.inputs, task.targets, slope, config.optimizer.lr)


def test_half_the_mean_and_half_the_epsilon_are_adams_steps_on_the_mean():
    config = configure(*TR_XOR.split(), "training.epochs=60", "training.patience=null", "seed=11")
    loop = plain_sum(config)
    for _ in range(60):
        loop.update()
    result = train(config)
    np.testing.assert_allclose(result.weights[0], loop.w[0], rtol=1e-9)
    np.testing.assert_allclose(result.biases[0], loop.w[1], rtol=1e-9)


@pytest.mark.parametrize("slope", [None, 0.1, -0.8])
def test_runs_of_a_sum_end_where_the_studys_own_loop_does(slope):
    leaky = [] if slope is None else ["network.activation=leaky_relu", f"network.slope={slope}"]
    endings = set()
    for seed in range(8):
        config = configure(*TR_XOR.split(), *leaky, "optimizer.lr=0.1", f"seed={seed}")
        result = train(config)
        epochs, right = plain_sum(config).run(800)
        assert min(result.epochs_run + 1, 800) == epochs
        assert (result.outcome == "solved") == right
        endings.add((epochs, right))
    assert len(endings) > 4


@pytest.mark.parametrize("name", ["tr_xor_abs", "tr_xor_abs_sgd"])
def test_one_unit_with_the_absolute_value_always_learns(name):
    results = train_many(configure(f"+study={name}", f"seed={seed}") for seed in range(20))
    assert {result.outcome for result in results} == {"solved"}
    if name == "tr_xor_abs_sgd":  # a step of a half along the gradient of the mean is Newton's
        assert {result.epochs_run for result in results} == {1}
