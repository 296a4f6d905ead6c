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
