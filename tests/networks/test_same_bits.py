"""Every optimizer: a network's numbers do not depend on what it is trained with, or where."""

from __future__ import annotations

import pytest

from tests.networks.test_train import bits
from xorlab import configure, load_runs, load_weights, train, train_many
from xorlab.networks.line_searches.line_search import LineSearch
from xorlab.networks.optimizers.optimizer import Optimizer

OPTIMIZERS = [*Optimizer.choices()]
METHODS = [
    (name, search)
    for name, rule in Optimizer.choices().items()
    for search in (LineSearch.choices() if "line_search" in vars(rule()) else [""])
]
OWN = ("init=uniform", "init.range=2", "training.epochs=40", "training.tolerance=0.35")
SEEDS = 12


def config_of(name, seed, *more):
    return configure(f"optimizer={name}", *OWN, f"seed={seed}", *more)


def numbers(result):
    return bits(result), result.numbers()


@pytest.mark.parametrize(("name", "search"), METHODS)
def test_numbers_are_the_same_alone_batched_reversed_and_resumed(name, search):
    own = ["training.min_gradient=0.01"] + [f"optimizer.line_search={search}"] * bool(search)
    for dtype in ("float64", "float32"):
        configs = [config_of(name, seed, *own, f"training.dtype={dtype}") for seed in range(SEEDS)]
        together = [numbers(result) for result in train_many(configs)]
        assert [numbers(result) for result in train_many(configs[::-1])][::-1] == together
        # A resumed sweep trains what is missing: some of the networks, in a batch of their own.
        assert [numbers(result) for result in train_many(configs[5::3])] == together[5::3]
        assert [numbers(train(config)) for config in configs[:2]] == together[:2]
        assert len({result[0] for result in together}) == SEEDS


@pytest.mark.slow
def test_numbers_are_the_same_resumed_on_workers(command, store_file):
    sweep = ("-m", f"optimizer={','.join(OPTIMIZERS)}", *OWN)
    for own in (
        ("seed=range(0,2)", "hydra.launcher.executor=inline"),
        ("seed=range(0,5)", "hydra.launcher.workers=2"),
    ):
        ended = command(*sweep, *own)
        assert (ended.code, ended.err) == (0, "")
    runs = load_runs(sweep="latest")
    weights = load_weights(runs)
    assert len(runs) == 5 * len(OPTIMIZERS)
    for run in runs.to_dict("records"):
        result = train(config_of(run["optimizer"], run["seed"]))
        expected = {name: value for name, value in result.numbers().items() if value is not None}
        assert {name: run[name] for name in expected} == expected
        assert (run["outcome"], run["epochs_run"]) == (result.outcome, result.epochs_run)
        kept = weights[run["run_id"]]
        for ours, theirs in zip(
            [*kept.weights, *kept.biases], [*result.weights, *result.biases], strict=True
        ):
            assert ours.tobytes() == theirs.tobytes()
