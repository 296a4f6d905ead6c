"""Initialisers: what each draws, and that wiring does not change the rest of a draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xorlab import configure, train
from xorlab.errors import ConfigError
from xorlab.networks.initial_weights import initial_layers, initial_parameters
from xorlab.networks.initializers.initializer import Initializer
from xorlab.networks.initializers.uniform import Uniform
from xorlab.networks.legacy_draws import legacy_draws
from xorlab.networks.parameters import pack
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import layer_sizes

SIZES = (3, 5, 4, 2)
INITIALIZERS = [name for name, kind in Initializer.choices().items() if kind.draws]


@pytest.mark.parametrize("name", INITIALIZERS)
def test_skip_weights_are_drawn_last_and_a_sum_draws_no_last_layer(name):
    plain = initial_layers(configure(f"init={name}"), SIZES)
    assert [w.shape for w in plain.weights] == [(3, 5), (5, 4), (4, 2)]
    assert [b.shape for b in plain.biases] == [(5,), (4,), (2,)]
    assert not plain.shortcuts
    skipping = initial_layers(configure(f"init={name}", "network.skip=true"), SIZES)
    assert skipping.shortcuts["skip"].shape == (3, 2)
    for one, other in zip(
        plain.weights + plain.biases, skipping.weights + skipping.biases, strict=True
    ):
        np.testing.assert_array_equal(one, other)
    summing = initial_layers(
        configure(f"init={name}", "network.readout=sum", "network.output=linear"), (3, 5, 4, 1)
    )
    assert [w.shape for w in summing.weights] == [(3, 5), (5, 4)]
    assert [b.shape for b in summing.biases] == [(5,), (4,)]
    np.testing.assert_array_equal(summing.weights[0], plain.weights[0])


def test_nguyen_widrow_spreads_hidden_units_over_the_inputs():
    weights, biases, shortcuts = initial_layers(
        configure("init=nguyen_widrow", "network.skip=true"), (3, 400, 2)
    )
    length = 0.7 * 400 ** (1 / 3)
    np.testing.assert_allclose(np.linalg.norm(weights[0], axis=0), length, rtol=1e-14)
    # Directions of a cube's points, in all octants alike; biases fill the range of w . x.
    assert (np.abs((weights[0] > 0).mean(axis=1) - 0.5) < 0.1).all()
    assert np.abs(biases[0]).max() < length
    assert np.abs(biases[0]).max() > 0.97 * length
    assert abs(biases[0].mean()) < 0.15 * length
    for drawn in (weights[1], biases[1], shortcuts["skip"]):
        assert np.abs(drawn).max() < 0.5
    assert np.abs(weights[1]).max() > 0.48


def test_nguyen_widrow_treats_deeper_hidden_layers_alike():
    weights, _, _ = initial_layers(configure("init=nguyen_widrow"), SIZES)
    np.testing.assert_allclose(np.linalg.norm(weights[0], axis=0), 0.7 * 5 ** (1 / 3))
    np.testing.assert_allclose(np.linalg.norm(weights[1], axis=0), 0.7 * 4 ** (1 / 5))


def test_skip_weights_are_drawn_as_a_layer_from_inputs_to_outputs():
    def drawn(*init):
        layers = initial_layers(configure(*init, "network.skip=true"), (50, 2, 40))
        return layers.shortcuts["skip"]

    assert np.sqrt(6 / 90) * 0.98 < np.abs(drawn("init=glorot")).max() < np.sqrt(6 / 90)
    assert drawn("init=he").std() == pytest.approx(np.sqrt(2 / 50), rel=0.05)
    assert 2.98 < np.abs(drawn("init=uniform", "init.range=3")).max() < 3


def test_given_weights_are_read_unit_by_unit():
    config = configure("init=given", "init.weights=[1,2,3,4,x,6,y,8,9]", "init.x=5", "init.y=-7")
    weights, biases, shortcuts = initial_layers(config, (2, 2, 1))
    assert weights[0].T.tolist() == [[1, 2], [4, 5]]
    assert biases[0].tolist() == [3, 6]
    assert (weights[1][:, 0].tolist(), biases[1].tolist(), [*shortcuts]) == ([-7, 8], [9], [])


def test_given_weights_from_the_inputs_come_before_the_outputs_bias():
    config = configure(
        "init=given", "init.weights=[1,2,3,4,5,6,7]", "network.skip=true", "network.hidden=1"
    )
    weights, biases, shortcuts = initial_layers(config, (2, 1, 1))
    assert (weights[1].tolist(), biases[1].tolist()) == ([[4]], [7])
    assert shortcuts["skip"].tolist() == [[5], [6]]
    config = configure(
        "init=given",
        "init.weights=[1,2,3,4,5]",
        "network.skip=true",
        "network.hidden=1",
        "network.readout=sum",
        "network.output=linear",
    )
    weights, biases, shortcuts = initial_layers(config, (2, 1, 1))
    assert (len(weights), biases[0].tolist(), shortcuts["skip"].tolist()) == (1, [3], [[4], [5]])


def test_given_weights_of_shortcuts_follow_those_from_the_layer_below():
    config = configure(
        "init=given",
        "init.weights=[1,2,3,4,5,6,7,8,9,10,11,12]",
        "network.skip=all",
        "network.hidden=[1,1]",
    )
    weights, biases, shortcuts = initial_layers(config, (2, 1, 1, 1))
    assert [weight.ravel().tolist() for weight in weights] == [[1, 2], [4], [8]]
    assert {name: one.ravel().tolist() for name, one in shortcuts.items()} == {
        "skip_0_2": [5, 6],
        "skip": [9, 10],
        "skip_1_3": [11],
    }
    assert [bias.tolist() for bias in biases] == [[3], [7], [12]]


def test_one_hidden_layer_has_no_shortcut_but_from_the_inputs_to_the_outputs():
    true, every = (
        initial_layers(configure("init=he", f"network.skip={skip}"), (3, 4, 2))
        for skip in ("true", "all")
    )
    assert [*every.shortcuts] == ["skip"]
    assert every.shortcuts["skip"].tolist() == true.shortcuts["skip"].tolist()


def test_too_few_given_weights_are_refused_with_the_number_that_fits():
    with pytest.raises(ConfigError, match=r"init\.weights.*a list of 9.*2-2-1.*this one has 3"):
        train(configure("init=given", "init.weights=[1,2,3]"))


@pytest.mark.parametrize("count", [9, 113, 114, 320, 700])
def test_draws_for_many_seeds_are_those_of_numpys_legacy_generator(count):
    """Below and above what one state of the generator holds, and its first part."""
    ends = [0, 1, 2**32 - 1]
    most = 10_000 if count == 9 else 50
    seeds = np.r_[ends, np.random.default_rng(count).integers(0, 2**32, most - len(ends))]
    generator = np.random.RandomState(0)
    drawn = legacy_draws(seeds, count)
    assert drawn.shape == (count, most)
    for column, seed in enumerate(seeds.tolist()):
        generator.seed(seed)
        assert drawn[:, column].tobytes() == generator.rand(count).tobytes()


@pytest.mark.parametrize("overrides", [(), ("network.hidden=[3,2]", "network.skip=all")])
def test_weights_of_many_networks_are_those_of_each(overrides):
    base = configure(*overrides)
    sizes = layer_sizes(base, make_task(base.task))
    configs = [replace(base, seed=seed) for seed in range(300)]
    configs[7::50] = [replace(config, init=Uniform()) for config in configs[7::50]]
    found = initial_parameters(configs, sizes)
    for column, config in enumerate(configs):
        expected = pack(*initial_layers(config, sizes))
        assert found[:, column].tobytes() == expected.tobytes()
