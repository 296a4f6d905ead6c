"""Rules that end a run by its loss, and what solved means where it ends."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.networks.test_train import bits
from xorlab import configure, train, train_many
from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.criterion import error_limit
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import chunk_width

WILD = ("init=uniform", "init.range=4", "optimizer.lr=6", "optimizer.momentum=0.5")
EPOCHS = 300


def config_of(seed: int, *overrides: str) -> Config:
    return configure(f"seed={seed}", f"training.epochs={EPOCHS}", *WILD, *overrides)


def losses_of(seed: int, *overrides: str) -> list[float]:
    """The loss at every step of a run that nothing ends."""
    result = train(config_of(seed, "training.record_every=1", *overrides))
    return result.loss.tolist()


def step_without_patience(losses: list[float], patience: int, improvement: float) -> int:
    """Where a run with these losses ends: a plain loop over them."""
    least, idle = float("inf"), 0
    for step, loss in enumerate(losses[:-1]):
        idle = 0 if least - loss > improvement else idle + 1
        least = min(least, loss)
        if idle > patience:
            return step
    return len(losses) - 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("update", ["batch", "online"])
@pytest.mark.parametrize(("patience", "improvement"), [(1, 0.0), (5, 1e-3), (2, 1e-24), (60, 0.1)])
def test_a_run_ends_where_a_plain_loop_over_its_losses_does(dtype, update, patience, improvement):
    own = (f"training.dtype={dtype}", f"training.update={update}")
    rule = (f"training.patience={patience}", f"training.min_improvement={improvement}")
    ended = set()
    for seed in range(6):
        losses = losses_of(seed, *own)
        if dtype == "float32":
            losses = [np.float32(loss) for loss in losses]
        result = train(config_of(seed, *own, *rule))
        assert result.epochs_run == step_without_patience(losses, patience, improvement)
        assert result.final_loss == losses[result.epochs_run]
        ended.add(result.epochs_run)
    assert min(ended) < EPOCHS


def test_small_improvements_do_not_add_up_to_one():
    slow = ("optimizer.lr=1e-4", "optimizer.momentum=0")
    losses = losses_of(0, *slow)
    assert (np.diff(losses) < 0).all()
    step = max(a - b for a, b in pairwise(losses))
    assert losses[0] - losses[20] > step
    patient = config_of(0, *slow, "training.patience=15", f"training.min_improvement={step}")
    assert train(patient).epochs_run == 16


@pytest.mark.parametrize("limit", [0.26, 0.2, 0.01])
def test_a_run_ends_where_its_loss_is_below_the_limit(limit):
    for seed in range(6):
        losses = losses_of(seed)
        below = [step for step, loss in enumerate(losses) if loss < limit]
        result = train(config_of(seed, f"training.min_loss={limit}"))
        assert result.epochs_run == (below[0] if below else EPOCHS)


def test_looking_at_the_loss_changes_nothing():
    rules = ("training.min_loss=1e-300", "training.patience=1000")
    for seed in range(4):
        assert bits(train(config_of(seed, *rules))) == bits(train(config_of(seed)))


@settings(max_examples=20)
@given(
    members=st.lists(
        st.tuples(
            st.integers(0, 30),
            st.sampled_from([1, 3, 40]),
            st.sampled_from([0.0, 1e-4, 0.02]),
            st.sampled_from([1e-3, 0.1, 0.24]),
        ),
        min_size=2,
        max_size=24,
    )
)
def test_networks_end_by_their_own_limits_in_any_company(members):
    configs = [
        config_of(
            seed,
            f"training.patience={patience}",
            f"training.min_improvement={improvement}",
            f"training.min_loss={limit}",
        )
        for seed, patience, improvement, limit in members
    ]
    alone = [bits(train(config)) for config in configs]
    assert [bits(result) for result in train_many(configs)] == alone


def test_rules_remember_across_repacking_and_chunks(monkeypatch):
    rule = ("training.patience=10", "training.min_improvement=1e-4")
    configs = [config_of(seed, *rule) for seed in range(150)]
    whole = train_many(configs)
    assert len({result.epochs_run for result in whole}) > 20  # some end long before others
    monkeypatch.setattr("xorlab.networks.train.CHUNK_BYTES", 1)
    assert chunk_width(configs[0], make_task(configs[0].task)) == 64
    assert [bits(result) for result in train_many(configs)] == [bits(result) for result in whole]


def test_a_run_solved_before_it_ends_is_solved_when_it_was():
    for seed in range(10):
        plain, patient = (train(config_of(seed, *more)) for more in ((), ("training.patience=5",)))
        if patient.outcome == "solved":
            assert patient.epochs_to_solve == plain.epochs_to_solve
        elif plain.outcome == "solved":
            assert patient.epochs_run < plain.epochs_to_solve


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_right_side_is_an_accuracy_of_one(dtype):
    outcomes = set()
    for seed in range(12):
        own = ("training.criterion=right_side", f"training.dtype={dtype}")
        ended = train(config_of(seed, *own, "training.solved_at_end=true"))
        assert (ended.outcome == "solved") == (ended.accuracy == 1)
        assert ended.epochs_to_solve in (None, EPOCHS)
        first = train(config_of(seed, *own, "training.stop_when_solved=true"))
        assert (first.outcome == "solved") == (first.accuracy == 1)
        if ended.outcome == "solved":
            assert first.outcome == "solved"
        outcomes.add(ended.outcome)
    assert outcomes == {"solved", "unsolved"}


def test_an_output_on_the_line_is_on_no_side():
    # Without weights every output is exactly one half.
    given_zeros = ("init=given", f"init.weights={[0] * 9}", "training.epochs=1")
    assert train(configure(*given_zeros, "training.tolerance=0.5")).epochs_to_solve == 0
    assert train(configure(*given_zeros, "training.criterion=right_side")).outcome == "unsolved"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_limit_of_the_right_side_is_the_largest_number_below_the_margin(dtype):
    config = configure("training.criterion=right_side", f"training.dtype={dtype}")
    limit = np.dtype(dtype).type(error_limit(config.training, make_task(config.task)))
    assert limit < 0.5
    assert np.nextafter(limit, np.dtype(dtype).type(1)) == 0.5


def test_a_run_that_loses_its_solution_is_solved_at_the_first_time_and_not_at_the_end():
    rough = "optimizer.lr=15"  # so large that right answers are lost again
    first, at_end = (
        train_many(config_of(seed, rough, f"training.solved_at_end={end}") for seed in range(60))
        for end in ("false", "true")
    )
    both = {(one.outcome, other.outcome) for one, other in zip(first, at_end, strict=True)}
    assert both == {("solved", "solved"), ("solved", "unsolved"), ("unsolved", "unsolved")}


def test_the_side_of_a_target_between_two_others_is_not_known(tmp_path):
    (tmp_path / "line.csv").write_text("0,0\n1,10\n2,20\n")
    config = configure(
        "task=table",
        f"task.path={tmp_path / 'line.csv'}",
        "network.output=linear",
        "training.criterion=right_side",
    )
    with pytest.raises(ConfigError, match=r"training\.criterion=right_side: must be within where"):
        train(config)


def test_outputs_that_cannot_reach_the_right_side_are_refused():
    config = configure("task.target_low=-1", "training.criterion=right_side")
    with pytest.raises(ConfigError, match=r"come near -1.*training\.criterion=right_side"):
        train(config)
    low = replace(config, network=replace(config.network, output="tanh"))
    assert train(low).epochs_run == config.training.epochs
