"""Training: same bits in any company, outcomes that exclude one another, honest curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.strategies import TABLE, draws, member, shapes
from xorlab import configure
from xorlab.errors import ConfigError
from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import Config
from xorlab.networks.result import NetworkResult
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import chunk_width, predict, train, train_many
from xorlab.trainers.result import OUTCOMES


def bits(result: NetworkResult) -> tuple:
    arrays = [result.steps, result.loss, result.predictions, *result.weights, *result.biases]
    arrays += result.shortcuts.values()
    numbers = np.array([result.accuracy, result.max_error])
    return (
        result.outcome,
        result.epochs_run,
        result.epochs_to_solve,
        result.diverged_at,
        numbers.tobytes(),
        *((a.shape, a.dtype, a.tobytes()) for a in arrays),
    )


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return str(path)


def configs_of(shape: Config, members: list[dict]) -> list[Config]:
    return [member(shape, values) for values in members]


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_network_has_the_same_bits_alone_and_in_any_company(data, table):
    shape = data.draw(shapes(table))
    configs = configs_of(shape, data.draw(st.lists(draws(), min_size=2, max_size=9)))
    together = [bits(result) for result in train_many(configs)]
    order = data.draw(st.permutations(range(len(configs))))
    shuffled = [bits(result) for result in train_many([configs[index] for index in order])]
    assert [together[index] for index in order] == shuffled
    assert together == [bits(train(config)) for config in configs]


@pytest.mark.parametrize("hidden", [2, 3, 16, [4, 4]])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_network_has_the_same_bits_in_a_batch_of_any_width(hidden, activation, dtype):
    def config(seed: int) -> Config:
        config = Config(seed=seed)
        config.network.hidden, config.network.activation = hidden, activation
        config.training.dtype, config.training.epochs = dtype, 40
        config.optimizer.lr = 0.5
        return config

    alone = [bits(train(config(seed))) for seed in range(3)]
    for width in (3, 8, 511, 513, 2050):
        together = train_many([config(seed) for seed in range(width)])
        assert [bits(result) for result in together[:3]] == alone


def test_chunks_do_not_show(monkeypatch):
    configs = [Config(seed=seed) for seed in range(200)]
    for config in configs:
        config.training.epochs = 50
    whole = [bits(result) for result in train_many(configs)]
    monkeypatch.setattr("xorlab.networks.train.CHUNK_BYTES", 1)
    assert chunk_width(configs[0], make_task(configs[0].task)) == 64
    assert [bits(result) for result in train_many(configs)] == whole


def test_a_mixture_comes_back_in_its_order():
    configs = []
    for seed in range(4):
        for hidden in (2, [3, 2]):
            for lr in (0.1, 2.0):
                config = Config(seed=seed)
                config.network.hidden, config.optimizer.lr = hidden, lr
                config.training.epochs = 30
                configs.append(config)
    together = [bits(result) for result in train_many(configs)]
    assert together == [bits(train(config)) for config in configs]


def test_no_configurations_give_no_results():
    assert train_many([]) == []


def test_one_bad_configuration_among_many_is_refused_before_any_is_trained():
    bad = Config(seed=3)
    bad.optimizer.lr = -1.0
    with pytest.raises(ConfigError, match=r"optimizer\.lr=-1\.0: must be a finite number > 0"):
        train_many([Config(), bad])


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_a_result_says_agrees_with_itself(data, table):
    shape = data.draw(shapes(table))
    for result in train_many(
        configs_of(shape, data.draw(st.lists(draws(), min_size=1, max_size=6)))
    ):
        assert result.outcome in OUTCOMES
        assert (result.outcome == "solved") == (result.epochs_to_solve is not None)
        assert (result.outcome == "diverged") == (result.diverged_at is not None)
        assert np.isfinite(result.loss).all()
        assert (np.diff(result.steps) > 0).all()
        assert len(result.steps) == len(result.loss)
        if result.outcome == "diverged":
            assert np.isnan(result.predictions).all()
            assert (result.steps < result.diverged_at).all()
        else:
            assert result.steps[0] == 0
            assert result.steps[-1] == result.epochs_run
            arrays = (*result.weights, *result.biases, *result.shortcuts.values())
            finite = [np.isfinite(array).all() for array in arrays]
            assert all(finite)
        assert all(np.isfinite(value) for value in result.numbers().values())
        if shape.training.solved_at_end and result.outcome == "solved":
            assert result.epochs_to_solve == result.epochs_run
        if shape.training.stop_when_solved and result.outcome == "solved":
            assert result.epochs_run == result.epochs_to_solve


def test_stopping_when_solved_ends_where_going_on_was_first_solved():
    def config(seed: int, stop: bool) -> Config:
        config = Config(seed=seed)
        config.optimizer.lr, config.training.epochs = 2.0, 3000
        config.training.stop_when_solved = stop
        return config

    going = train_many([config(seed, stop=False) for seed in range(40)])
    ending = train_many([config(seed, stop=True) for seed in range(40)])
    assert {result.outcome for result in going} == {"solved", "unsolved"}
    for on, end in zip(going, ending, strict=True):
        assert on.epochs_to_solve == end.epochs_to_solve
        shared = np.isin(on.steps, end.steps)
        assert on.loss[shared].tobytes() == end.loss[np.isin(end.steps, on.steps)].tobytes()


def test_solved_means_the_first_step_within_tolerance():
    config = Config()
    config.training.record_every, config.optimizer.lr, config.training.epochs = 1, 2.0, 2000
    solved_at = train(config).epochs_to_solve
    assert solved_at is not None
    for epochs, solved in ((solved_at - 1, False), (solved_at, True)):
        config.training.epochs = epochs
        result = train(config)
        assert (result.max_error <= 0.4) == solved
        assert (result.outcome == "solved") == solved


def test_a_target_loss_takes_the_place_of_the_tolerance():
    config = Config()
    config.training.target_loss, config.training.record_every = 0.05, 1
    config.training.epochs = 6000
    result = train(config)
    assert result.epochs_to_solve == result.steps[np.argmax(result.loss <= 0.05)]


def test_divergence_is_placed_at_its_step_and_leaves_the_neighbours_alone(recwarn):
    def config(lr: float) -> Config:
        config = Config(seed=1)
        config.network.activation = config.network.output = "linear"
        config.optimizer.lr, config.training.epochs = lr, 400
        config.training.record_every = 1
        return config

    quiet_logger, wild = train_many([config(0.05), config(50.0)])
    assert quiet_logger.outcome == "unsolved"
    assert bits(quiet_logger) == bits(train(config(0.05)))
    assert wild.outcome == "diverged"
    assert wild.steps.tolist() == list(range(wild.diverged_at))
    assert wild.loss[-1] > 1e100
    assert not recwarn.list


@settings(max_examples=25)
@given(data=st.data())
def test_a_trained_network_predicts_what_it_answered_at_the_end(data, table):
    config = member(data.draw(shapes(table)), data.draw(draws()))
    result, task = train(config), make_task(config.task)
    if result.outcome == "diverged":
        return
    rtol = 1e-9 if config.training.dtype == "float64" else 1e-3
    answered = predict(config, result, task.inputs)
    assert answered.shape == result.predictions.shape
    with np.errstate(over="ignore", invalid="ignore"):  # to infinity: nothing can be said then
        terms = largest_term(config, result, float(np.abs(task.inputs).max()))
        np.testing.assert_allclose(answered, result.predictions, rtol=rtol, atol=rtol * terms)


def largest_term(config: Config, result: NetworkResult, largest: float) -> float:
    """A bound of what is added up in a network: terms that cancel leave their rounding errors."""
    inputs, total = largest, 1.0
    kinds = [config.network.activation] * len(config.hidden) + [config.network.output]
    for kind, weights, biases in zip(kinds, result.weights, result.biases, strict=False):
        sums = float((np.abs(weights).sum(axis=0) * largest + np.abs(biases)).max())
        total += sums
        largest = 1.0 if Activation.choices()[kind].bounded else sums
    for shortcut in result.shortcuts.values():
        total += float(np.abs(shortcut).sum() * max(inputs, largest))
    return total * max(config.hidden, default=1)


@pytest.mark.parametrize(
    ("overrides", "step"),
    [
        ("optimizer=adam optimizer.lr=1e200", 1),
        ("optimizer=gd optimizer.lr=1e200", 1),
        ("optimizer=rprop optimizer.delta_0=1e200 optimizer.delta_max=1e300", 1),
        ("optimizer=delta_bar_delta optimizer.lr=1e200", 1),
        ("init=given init.weights=[1e200,1,1]", 0),
    ],
)
def test_a_number_beyond_float32_diverges_at_once_alone_and_in_company(overrides, step, recwarn):
    # A logistic unit makes a finite number of an infinite one: nothing else would give it away.
    shared = [
        "network.hidden=1",
        "network.output=linear",
        "network.readout=sum",
        "training.dtype=float32",
        "training.epochs=3",
    ]
    wild = configure(*shared, *overrides.split())
    rule = overrides.split()[0] if overrides.startswith("optimizer") else "optimizer=gd"
    tame = configure(*shared, rule)
    alone, among = train(wild), train_many([tame, wild, tame])
    assert alone.diverged_at == step
    assert bits(alone) == bits(among[1])
    assert bits(among[0]) == bits(among[2]) == bits(train(tame))
    assert not recwarn.list


def test_training_leaves_numpy_as_it_was():
    before = (np.geterr(), np.getbufsize(), np.random.get_state()[1].tolist())  # noqa: NPY002
    train(Config(seed=5))
    assert (np.geterr(), np.getbufsize(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
