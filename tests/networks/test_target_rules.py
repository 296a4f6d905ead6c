"""Targets, tolerance and the range of outputs are held against each other."""

from __future__ import annotations

import pytest

import xorlab
from xorlab.errors import ConfigError
from xorlab.networks.activations.activation import Activation

LINE = "0,0\n1,10\n2,20\n"


def refused(*overrides):
    with pytest.raises(ConfigError) as caught:
        xorlab.train(xorlab.configure("training.epochs=2", *overrides))
    return str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["task.target_low=0.45", "task.target_high=0.55"],
            "training.tolerance=0.4: must be at most 0.05, half the distance between the targets",
        ),
        (["training.tolerance=0.6"], "training.tolerance=0.6: must be at most 0.5"),
        (["training.target_loss=0.3"], "training.target_loss=0.3: must be at most 0.25"),
        (["task.target_low=-1"], "network.output=sigmoid: must be one whose values come near -1"),
        (["task.target_high=1.5", "network.output=tanh"], "come near 1.5"),
        (["task.target_low=-1", "network.output=relu", "training.target_loss=0.1"], "come near -1"),
        (["task=encoder", "task.target_high=3"], "come near 3"),
    ],
)
def test_a_criterion_that_says_nothing_is_refused(overrides, message):
    assert message in refused(*overrides)


def test_the_targets_of_a_table_are_looked_at(tmp_path):
    (tmp_path / "line.csv").write_text(LINE)
    (tmp_path / "flat.csv").write_text("0,0.1\n1,0.2\n")
    (tmp_path / "same.csv").write_text("0,1\n1,1\n")
    assert "come near 20, which is a target" in refused("task=table", "task.path=line.csv")
    assert "must be at most 0.05" in refused("task=table", "task.path=flat.csv")
    for path, output in (("line", "linear"), ("same", "sigmoid")):
        overrides = ("task=table", f"task.path={path}.csv", f"network.output={output}")
        assert xorlab.train(xorlab.configure("training.epochs=2", *overrides)).epochs_run == 2


@pytest.mark.parametrize(
    "overrides",
    [
        ["task.target_low=0.1", "task.target_high=0.9"],
        ["training.tolerance=0.5"],
        ["training.target_loss=0.25"],
        ["task.target_low=-1", "network.output=tanh"],
        ["task.target_low=-7", "network.output=linear"],
        ["task.target_low=-7", "network.output=linear", "network.readout=sum"],
    ],
)
def test_what_can_be_met_and_missed_is_trained(overrides):
    assert xorlab.train(xorlab.configure("training.epochs=2", *overrides)).epochs_run == 2


def test_a_sweep_is_refused_before_it_starts(command, tmp_path):
    ended = command("-m", "seed=0,1", "task.target_low=0.45", "task.target_high=0.55")
    assert (ended.code, ended.out) == (2, "")
    assert "training.tolerance=0.4: must be at most 0.05" in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", Activation.choices())
def test_the_reach_of_an_activation_is_where_its_values_lie(name):
    import numpy as np

    kind = Activation.choices()[name]
    values, _, _ = kind.derivatives(np.linspace(-1e12, 1e12, 2001), 0.01)
    low, high = kind.reach
    assert values.min() >= low
    assert values.max() <= high
    assert np.isinf(low) or values.min() == pytest.approx(low, abs=1e-9)
    assert np.isinf(high) or values.max() == pytest.approx(high, abs=1e-9)


def test_accuracy_is_no_objective_where_no_answer_is_right_or_wrong(command, tmp_path):
    (tmp_path / "line.csv").write_text(LINE)
    table = ("task=table", f"task.path={tmp_path}/line.csv", "network.output=linear")
    for start in ([], ["-m"]):
        ended = command(*start, *table, "tracking.objective=accuracy")
        assert (ended.code, ended.out) == (2, "")
        assert "tracking.objective=accuracy: must be another where targets are any" in ended.err
