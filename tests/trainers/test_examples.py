"""Every example does what it says, and keeps the contract of trainers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from xorlab import testing
from xorlab.trainers.find import find
from xorlab.trainers.reference import load_file

EXAMPLES = ROOT / "experiments" / "trainers"


def example(name: str):
    return find(f"{EXAMPLES / name}.py:train")


def perceptrons():
    trainer = example("perceptrons")
    return trainer, trainer.kind(points=6, inputs=4, epochs=20)


def digits():
    pytest.importorskip("sklearn")
    trainer = example("digits")
    return trainer, trainer.kind(hidden=3, epochs=2)


def two_spirals():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    trainer = example("two_spirals")
    return trainer, trainer.kind(hidden=6, epochs=8)


def vmapped():
    pytest.importorskip("jax", reason="JAX is not installed")
    trainer = example("vmapped")
    return trainer, trainer.kind(epochs=40)


# Imported by the test, not where tests are collected: these libraries take seconds.
@pytest.mark.slow
@pytest.mark.parametrize("made", [two_spirals, vmapped])
def test_the_examples_of_other_libraries_keep_the_contract_and_learn(made):
    trainer, quick = made()
    testing.check(trainer, quick)
    losses = trainer(trainer.kind(hidden=20, epochs=100)).curves["loss"][1]
    assert losses[-1] < 0.95 * losses[0]


@pytest.mark.slow
def test_the_jax_example_trains_thousands_at_once():
    trainer, _ = vmapped()
    results = trainer._many([trainer.kind(seed, epochs=500) for seed in range(2000)])
    alone = trainer(trainer.kind(7, epochs=500))
    np.testing.assert_allclose(results[7].curves["loss"][1], alone.curves["loss"][1], rtol=1e-3)
    assert 0.1 < np.mean([result.outcome == "solved" for result in results]) < 0.9


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short(path):
    assert len(path.read_text().splitlines()) < 60


@testing.each_check(*perceptrons())
def test_the_numpy_example_keeps_the_contract(check):
    check()


@pytest.mark.slow
@testing.each_check(*digits())
def test_the_scikit_learn_example_keeps_the_contract(check):
    check()


def test_perceptrons_separate_few_points_and_not_many():
    trainer, _ = perceptrons()
    few = [trainer(trainer.kind(seed, points=8, inputs=8)).outcome for seed in range(10)]
    many = [trainer(trainer.kind(seed, points=64, inputs=8, epochs=50)) for seed in range(4)]
    assert few == ["solved"] * 10
    assert {result.outcome for result in many} == {"unsolved"}


def test_the_example_of_a_table_draws_conclusions():
    draw = np.random.default_rng(1)
    rows = [
        {"run": f"{lr}-{seed}", "lr": lr, "seed": seed, "epoch": epoch, "val_acc": accuracy}
        for lr, slope in ((0.01, 0.02), (0.1, 0.1))
        for seed in range(30)
        for epoch, accuracy in enumerate(np.minimum(1, slope * np.arange(20) + draw.random() / 9))
    ]
    module = load_file(EXAMPLES / "other_tracker.py")
    first, second, sentence = module.conclusions(pd.DataFrame(rows), accuracy=0.9)
    assert first.startswith("lr=0.01: 0 of 30")
    assert second.startswith("lr=0.1: 30 of 30")
    assert "lr=0.1" in sentence
