"""Mini-batches, softmax and softsign against plain NumPy; a run's order is its own."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers import plain_data
from tests.networks.test_train import bits
from xorlab import configure, train, train_many
from xorlab.errors import ConfigError
from xorlab.networks.initial_weights import initial_layers
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import layer_sizes

DATA = (
    "task=dataset",
    "task.standardise=true",
    "task.validation=0.3",
    "init=uniform",
    "init.range=0.5",
    "optimizer.lr=0.01",
)
KINDS = [
    ("softsign", "softmax", "categorical_cross_entropy", "[4]"),
    ("tanh", "softmax", "half_sse", "[3,2]"),
    ("sigmoid", "softmax", "half_mse", "[3]"),
    ("softsign", "sigmoid", "half_mse", "[3,3]"),
]


def config_of(*overrides):
    return configure(*DATA, *overrides)


def start(config, task):
    layers = initial_layers(config, layer_sizes(config, task))
    return list(zip(layers.weights, layers.biases, strict=True))


def batches_of(task, seed, size, epochs):
    """The patterns of every update: an order of its own for each epoch, from the run's seed."""
    generator = np.random.default_rng([seed, 1])
    for _ in range(epochs):
        order = generator.permutation(len(task.inputs))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield task.inputs[rows], task.targets[rows]


@pytest.mark.parametrize(("hidden", "output", "loss", "sizes"), KINDS)
@pytest.mark.parametrize("size", [None, 16])
def test_fifty_updates_are_those_of_plain_loops(hidden, output, loss, sizes, size):
    epochs = 50 if size is None else 8  # 105 patterns: six batches of 16 and one of 9
    own = ["training.update=minibatch", "training.batch_size=16"] if size else []
    config = config_of(
        f"network.activation={hidden}",
        f"network.output={output}",
        f"training.loss={loss}",
        f"network.hidden={sizes}",
        f"training.epochs={epochs}",
        "seed=5",
        *own,
    )
    task = make_task(config.task)
    whole = [(task.inputs, task.targets)] * epochs
    batches = batches_of(task, 5, size, epochs) if size else whole
    expected = plain_data.descend(start(config, task), batches, 0.01, hidden, output, loss)
    result = train(config)
    for (weights, biases), w, b in zip(expected, result.weights, result.biases, strict=True):
        np.testing.assert_allclose(w, weights, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(b, biases, rtol=1e-10, atol=1e-10)
    answered = [plain_data.answers(expected, x, hidden, output)[-1] for x in task.inputs]
    np.testing.assert_allclose(result.predictions, answered, rtol=1e-9, atol=1e-10)
    right = np.argmax(answered, axis=1) == np.argmax(task.targets, axis=1)
    assert result.accuracy == pytest.approx(right.mean())


@pytest.mark.parametrize(("hidden", "output", "loss", "sizes"), KINDS)
def test_the_plain_gradient_is_that_of_finite_differences(hidden, output, loss, sizes):
    config = config_of(f"network.hidden={sizes}", "seed=3")
    task = make_task(config.task)
    layers = start(config, task)
    inputs, targets = task.inputs[::9], task.targets[::9]
    found = plain_data.gradient(layers, inputs, targets, hidden, output, loss)
    for number, part in [(n, p) for n in range(len(layers)) for p in (0, 1)]:
        values = layers[number][part]
        for place in np.ndindex(values.shape):
            ends = []
            for size in (1e-6, -1e-6):
                kept, values[place] = values[place], values[place] + size
                ends.append(plain_data.loss(layers, inputs, targets, hidden, output, loss))
                values[place] = kept
            slope = (ends[0] - ends[1]) / 2e-6
            assert found[number][part][place] == pytest.approx(slope, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("size", [1, 7, 105])
def test_the_order_of_a_run_is_its_own_in_any_company(size):
    def config(seed):
        return config_of(
            "network.output=softmax",
            "training.loss=categorical_cross_entropy",
            "training.update=minibatch",
            f"training.batch_size={size}",
            "training.epochs=4",
            "training.stop_when_solved=true",
            f"seed={seed}",
        )

    alone = {seed: bits(train(config(seed))) for seed in (4, 9, 2, 7)}
    assert [bits(one) for one in train_many(map(config, alone))] == [*alone.values()]
    backwards = [*alone][::-1]
    assert [bits(one) for one in train_many(map(config, backwards))] == [
        alone[seed] for seed in backwards
    ]


def test_networks_that_go_on_keep_their_order_when_others_have_ended():
    def config(seed):
        return config_of(
            "task.validation=0",
            "network.output=softmax",
            "training.loss=categorical_cross_entropy",
            "training.update=minibatch",
            "training.batch_size=50",
            "training.patience=1",
            "training.min_improvement=0.001",
            "optimizer.lr=0.1",
            "training.epochs=60",
            f"seed={seed}",
        )

    together = train_many(map(config, range(12)))
    assert len({result.epochs_run for result in together}) > 3
    assert [bits(one) for one in together] == [bits(train(config(seed))) for seed in range(12)]


def test_one_batch_of_all_is_a_batch_in_another_order():
    common = ("training.epochs=5", "network.hidden=3")
    size = ("training.update=minibatch", "training.batch_size=105")
    whole, shuffled = train(config_of(*common)), train(config_of(*common, *size))
    np.testing.assert_allclose(shuffled.predictions, whole.predictions, rtol=1e-9)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("training.update=minibatch", r"training\.batch_size=null: must be .*given where"),
        ("training.batch_size=4", r"training\.batch_size=4: must be given where, and only where"),
        (
            "training.update=minibatch training.batch_size=106",
            r"training\.batch_size=106: must be at most 105, the number of patterns",
        ),
        (
            "training.update=minibatch training.batch_size=4 optimizer=rprop",
            r"training\.update=minibatch: must be batch where optimizer=rprop",
        ),
        (
            "network.output=softmax training.loss=cross_entropy",
            r"network\.output=softmax: must be sigmoid where training\.loss=cross_entropy",
        ),
        (
            "network.output=softmax training.loss=categorical_cross_entropy task.target_low=0.1",
            r"training\.loss=categorical_cross_entropy: .*add up to 1",
        ),
        ("network.activation=softmax", r"network\.activation=softmax: must be one of"),
        ("task=xor network.output=softmax", r"network\.output=softmax: must be another .*one out"),
    ],
)
def test_what_does_not_go_together_is_refused(overrides, message):
    words = overrides.split()
    shared = [] if words[0].startswith("task=") else DATA[:-1]
    with pytest.raises(ConfigError, match=message):
        train(configure(*shared, *words))
