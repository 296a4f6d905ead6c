"""Update rules against a plain implementation, one network and one weight at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import plain
from tests.networks.test_train import bits
from xorlab import configure
from xorlab.networks.optimizers.optimizer import Optimizer, Update
from xorlab.networks.program import Program
from xorlab.networks.train import train, train_many

OPTIMIZERS = tuple(Optimizer.choices())
# The others have a plain twin in test_searching.py.
STEPPING = tuple(name for name, rule in Optimizer.choices().items() if not rule.searches)

EPOCHS = 25
# Quickprop divides by differences of slopes, which multiplies rounding errors epoch by epoch.
TOLERANCE = {"quickprop": 1e-9}
VARIANTS = {
    "gd": ["", "optimizer.momentum=0.9", "optimizer.weight_decay=0.01 optimizer.momentum=0.5"],
    "rprop": [
        "",
        "optimizer.delta_0=0.7 optimizer.eta_plus=1.5 optimizer.eta_minus=0.3",
        "optimizer.delta_max=0.2 optimizer.delta_min=0.09",
    ],
    "quickprop": [
        "optimizer.lr=1.5",
        "optimizer.lr=2 optimizer.gradient_term=always optimizer.weight_decay=0.001",
        "optimizer.lr=3 optimizer.gradient_term=zero_step optimizer.mu=2.25",
    ],
    "adam": [
        "",
        "optimizer.lr=0.05 optimizer.beta1=0.5 optimizer.beta2=0.99",
        "optimizer.beta1=0 optimizer.epsilon=0.1",
    ],
    "delta_bar_delta": [
        "",
        "optimizer.lr=0.8 optimizer.kappa=0.095 optimizer.phi=0.1",
        "optimizer.theta=0 optimizer.kappa=1",
    ],
    "irprop_plus": ["", "optimizer.delta_0=0.4 optimizer.delta_max=1 optimizer.eta_minus=0.3"],
    "irprop_minus": ["", "optimizer.delta_0=0.4 optimizer.delta_max=1 optimizer.eta_minus=0.3"],
}
CASES = [(name, variant) for name, variants in VARIANTS.items() for variant in variants]


def config_of(name, variant, weights, *more):
    listed = ",".join(map(repr, weights))
    return configure(
        f"optimizer={name}",
        *variant.split(),
        "init=given",
        f"init.weights=[{listed}]",
        f"training.epochs={EPOCHS}",
        *more,
    )


def flat(result):
    """A trained 2-2-1 network's weights, unit by unit."""
    (hidden, output), (bias, last) = result.weights, result.biases
    return [*hidden[:, 0], bias[0], *hidden[:, 1], bias[1], *output[:, 0], last[0]]


def some_weights(seed, reach=1.0):
    return np.random.default_rng(seed).uniform(-reach, reach, 9).tolist()


def test_every_optimizer_is_tested():
    assert STEPPING == tuple(VARIANTS) == tuple(plain.RULES)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_a_rule_answers_a_sequence_of_gradients_as_its_paper_says(name, variant):
    rule = config_of(name, variant, some_weights(0)).optimizer
    if hasattr(rule, "weight_decay"):
        rule.weight_decay = 0.0  # part of the gradient, not of the rule
    rng, shape = np.random.default_rng(5), (7, 3)
    program = Program("float64")
    values = {key: np.array(value) for key, value in rule.values().items()}
    states = [
        np.full((1 if state.shared else shape[0], shape[1]), state.start(rule))
        for state in rule.states()
    ]
    weights, step, gradient = rng.normal(size=shape), np.empty(shape), np.zeros(shape)
    loss = np.zeros(shape[1])
    rule.emit(Update(program, weights, step, states, values, rule.flags(), loss))
    expected, carried = weights.copy(), [{} for _ in range(weights.size)]
    for _ in range(60):
        # Slow enough to keep a sign for a while, and now and then zero.
        gradient = 0.8 * gradient + 0.5 * rng.normal(size=shape) * (rng.random(shape) < 0.8)
        gradient[rng.random(shape) < 0.05] = 0.0
        step[:] = -gradient * values["rate"]
        loss[:] = rng.normal(size=shape[1])
        for call in program.calls:
            call()
        for place, state in zip(np.ndindex(shape), carried, strict=True):
            state["E"] = float(loss[place[1]])
            moved = plain.RULES[name](float(gradient[place]), expected[place], state, rule)
            expected[place] += moved
        np.testing.assert_allclose(weights, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_an_optimizer_takes_the_steps_of_its_paper(name, variant):
    configs = [config_of(name, variant, some_weights(seed)) for seed in range(6)]
    for seed, result in enumerate(train_many(configs)):
        path = plain.train(some_weights(seed), configs[seed].optimizer, EPOCHS)
        tolerance = TOLERANCE.get(name, 1e-12)
        np.testing.assert_allclose(flat(result), path[-1], rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize(("name", "variant"), [c for c in CASES if c[0] in ("gd", "adam")])
def test_online_updates_take_those_steps_pattern_by_pattern(name, variant):
    config = config_of(name, variant, some_weights(3), "training.update=online")
    path = plain.train_online(some_weights(3), config.optimizer, EPOCHS)
    np.testing.assert_allclose(flat(train(config)), path[-1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", STEPPING)
def test_an_averaged_loss_has_an_averaged_gradient(name):
    variant = VARIANTS[name][0]
    config = config_of(name, variant, some_weights(4), "training.loss=half_mse")
    path = plain.train(some_weights(4), config.optimizer, EPOCHS, scale=0.25)
    tolerance = TOLERANCE.get(name, 1e-12)
    np.testing.assert_allclose(flat(train(config)), path[-1], rtol=tolerance, atol=tolerance / 10)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    eta_plus=st.floats(1.0, 3.0),
    eta_minus=st.floats(0.05, 0.95),
    delta_0=st.floats(0.001, 1.0),
)
def test_rprop_moves_no_weight_by_more_than_its_largest_step(seed, eta_plus, eta_minus, delta_0):
    config = config_of(
        "rprop",
        f"optimizer.eta_plus={eta_plus} optimizer.eta_minus={eta_minus} "
        f"optimizer.delta_0={delta_0} optimizer.delta_max=1.5",
        some_weights(seed),
    )
    config.training.epochs = 1
    first = np.array(flat(train(config)))
    np.testing.assert_allclose(np.abs(first - some_weights(seed)), delta_0, rtol=1e-9)
    config.training.epochs = 12
    assert (np.abs(np.array(flat(train(config))) - some_weights(seed)) <= 12 * 1.5).all()


@pytest.mark.parametrize("name", ["rprop", "irprop_plus", "irprop_minus"])
def test_first_steps_are_drawn_by_the_runs_seed_where_they_may_differ(name):
    steps = []
    for seed in range(6):
        own = "optimizer.delta_0=0.005 optimizer.delta_0_high=0.02 optimizer.delta_min=0"
        config = config_of(name, own, some_weights(1), f"seed={seed}")
        config.training.epochs = 1
        steps += np.abs(np.array(flat(train(config))) - some_weights(1)).tolist()
    assert min(steps) >= 0.005
    assert max(steps) <= 0.02
    assert len(set(steps)) == len(steps)
    assert 0.011 < np.mean(steps) < 0.014


def test_first_steps_lie_within_what_is_allowed():
    with pytest.raises(
        ValueError, match=r"delta_0_high=0\.05: must be from optimizer\.delta_0=0\.1 to"
    ):
        configure("optimizer=rprop", "optimizer.delta_0_high=0.05")


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    config = config_of("adam", "optimizer.lr=0.25 optimizer.epsilon=1e-300", some_weights(1))
    config.training.epochs = 1
    moved = np.abs(np.array(flat(train(config))) - some_weights(1))
    np.testing.assert_allclose(moved, 0.25, rtol=1e-12)


def test_adams_bias_correction_ends_without_numbers_too_small():
    config = configure("optimizer=adam", "training.epochs=8000", "optimizer.beta1=0.1")
    assert train(config).outcome in ("solved", "unsolved")


TAME = {"quickprop": "optimizer.lr=0.001 optimizer.mu=0.5"}
WILD = {
    "gd": "optimizer.lr=1e6",
    "rprop": "optimizer.delta_0=1e200 optimizer.delta_max=1e300",
    "irprop_plus": "optimizer.delta_0=1e200 optimizer.delta_max=1e300",
    "irprop_minus": "optimizer.delta_0=1e200 optimizer.delta_max=1e300",
    "quickprop": "optimizer.lr=1e200",
    "adam": "optimizer.lr=1e200",
    "delta_bar_delta": "optimizer.lr=1e200",
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_network_that_diverges_leaves_its_neighbours_alone(name, recwarn):
    more = (
        "network.activation=abs",
        "network.output=linear",
        "network.skip=true",
        "init=normal",
        "training.epochs=60",
    )
    rule = [f"optimizer={name}", *TAME.get(name, "").split()]
    tame = [configure(*rule, *more, f"seed={seed}") for seed in range(3)]
    own = WILD.get(name, "init.std=1e200")  # a search takes no step into the infinite
    wild = configure(f"optimizer={name}", *more, *own.split(), "seed=9")
    together = train_many([tame[0], wild, *tame[1:]])
    assert together[1].outcome == "diverged"
    assert np.isfinite(together[1].loss).all()
    del together[1]
    assert [bits(result) for result in together] == [bits(train(config)) for config in tame]
    assert all(result.outcome != "diverged" for result in together)
    assert not recwarn.list


# The gradient's length


def norms(path, decay=0.0, scale=1.0):
    return [
        math.hypot(*(g + decay * v for g, v in zip(plain.gradient(w, scale=scale), w, strict=True)))
        for w in path
    ]


@pytest.mark.parametrize(
    ("name", "variant", "update", "times"),
    [
        ("gd", "optimizer.lr=2", "batch", 0),
        ("gd", "optimizer.momentum=0.5 optimizer.weight_decay=0.01", "batch", 1),
        # Online, decay is applied four times an epoch.
        ("gd", "optimizer.lr=0.5 optimizer.weight_decay=0.003", "online", 4),
        ("rprop", "", "batch", 0),
        ("quickprop", "optimizer.lr=1 optimizer.weight_decay=0.01", "batch", 1),
        ("adam", "optimizer.lr=0.05", "batch", 0),
        ("adam", "optimizer.lr=0.05", "online", 0),
        ("delta_bar_delta", "", "batch", 0),
    ],
)
def test_a_run_ends_unsolved_where_its_gradient_is_short(name, variant, update, times):
    weights, online = some_weights(8, 0.5), f"training.update={update}"
    config = config_of(name, variant, weights, online, "training.tolerance=1e-9")
    run = plain.train if update == "batch" else plain.train_online
    path = run(weights, config.optimizer, EPOCHS)
    lengths = norms(path, times * (getattr(config.optimizer, "weight_decay", 0.0)))
    shortest = 1.0001 * min(lengths[:EPOCHS])
    at = next(step for step, length in enumerate(lengths) if length < shortest)
    config.training.min_gradient = shortest
    result = train(config)
    assert (result.outcome, result.epochs_run, result.steps[-1]) == ("unsolved", at, at)
    config.training.min_gradient, config.training.epochs = None, max(at, 1)
    if at:
        whole = train(config)
        assert flat(whole) == flat(result)
        assert whole.final_loss == result.final_loss


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_looking_at_the_gradient_changes_nothing(name):
    variant = VARIANTS.get(name, [""])[-1]
    with_, without = (
        config_of(name, variant, some_weights(2), f"training.min_gradient={value}")
        for value in ("1e-200", "null")
    )
    assert bits(train(with_)) == bits(train(without))


def test_networks_end_where_their_own_gradients_are_short():
    configs = [
        configure(
            f"seed={seed}",
            "optimizer.lr=2",
            "training.epochs=800",
            "init=glorot",
            f"training.min_gradient={shortest}",
        )
        for seed in range(12)
        for shortest in (0.005, 0.02, 0.05)
    ]
    together = train_many(configs)
    assert [bits(result) for result in together] == [bits(train(config)) for config in configs]
    assert len({result.epochs_run for result in together}) > 10


def test_a_run_that_was_solved_stays_solved_when_its_gradient_gets_short():
    configs = [
        configure("optimizer.lr=2", "training.min_gradient=0.02", "init=normal", f"seed={seed}")
        for seed in range(10)
    ]
    solved = [result for result in train_many(configs) if result.outcome == "solved"]
    assert solved
    for result in solved:
        assert result.epochs_to_solve < result.epochs_run < 10_000


@pytest.mark.parametrize(
    "name", [name for name, rule in Optimizer.choices().items() if rule.batch_only]
)
def test_rules_that_compare_gradients_need_whole_ones(name):
    with pytest.raises(ValueError, match=rf"training\.update=online: must be batch.*{name}"):
        configure(f"optimizer={name}", "training.update=online")
