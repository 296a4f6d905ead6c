"""A sweep from Python: the same as `xorlab -m`, and its runs come back as a table."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pandas as pd
import pytest
from hydra.core.global_hydra import GlobalHydra

import xorlab
from xorlab.errors import ConfigError, UsageError

INLINE = "hydra.launcher.executor=inline"
SETTINGS = ("optimizer.lr=0.5,3", "training.epochs=300", INLINE)


@dataclass
class Coin:
    """A trainer's configuration."""

    seed: int = 0
    sides: int = 2


@xorlab.trainer(version=1)
def toss(config: Coin) -> xorlab.Result:
    if config.sides == 5 and config.seed == 1:
        raise ValueError("it landed on its edge")
    solved = config.seed % config.sides == 0
    return xorlab.Result("solved" if solved else "unsolved", 1, 1 if solved else None)


def test_it_returns_the_runs_of_this_sweep_and_resumes(store_file, command, capfd):
    assert command("-m", "seed=7", *SETTINGS).code == 0  # another sweep of the experiment
    arguments = list(sys.argv)
    first = xorlab.sweep("seed=0,1", *SETTINGS)
    assert first["seed"].tolist() == [0, 1, 0, 1]
    assert first["optimizer.lr"].tolist() == [0.5, 0.5, 3, 3]
    assert "4 runs in" in capfd.readouterr().out
    again = xorlab.sweep("seed=0,1,2", *SETTINGS)
    assert {*first["run_id"]} < {*again["run_id"]}
    assert len(again) == 6
    assert "2 trained in" in capfd.readouterr().out
    loaded = xorlab.load_runs(sweep="latest")
    pd.testing.assert_frame_equal(again, loaded)
    assert xorlab.convergence(again, by="optimizer.lr")["n"].tolist() == [3, 3]
    assert not GlobalHydra.instance().is_initialized()
    assert sys.argv == arguments


def test_any_trainer_can_be_swept_and_a_failed_run_is_a_row(store_file):
    runs = xorlab.sweep("seed=0,1,2", "sides=2,5", INLINE, trainer=toss)
    assert runs["outcome"].isna().sum() == 1
    assert runs.loc[runs["outcome"].isna(), "status"].tolist() == ["FAILED"]
    assert (runs["outcome"] == "solved").sum() == 3


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        (["optimizer.lrr=1"], UsageError, "did you mean optimizer.lr?"),
        (["optimizer.lr=fast"], ConfigError, "optimizer.lr=fast: must be"),
        (["seed=0", "plan=true", INLINE], UsageError, "there are no runs to return"),
        ([0], UsageError, "takes overrides as text"),
    ],
)
def test_what_is_wrong_is_said_before_anything_starts(overrides, error, message, tmp_path):
    with pytest.raises(error, match=message.replace("?", r"\?")) as raised:
        xorlab.sweep(*overrides)
    shown = raised.value  # without the errors of Hydra that led to it, which a notebook would show
    assert shown.__cause__ is None
    assert shown.__suppress_context__ or shown.__context__ is None
    assert list(tmp_path.iterdir()) == []


def test_results_that_were_not_recorded_go_into_the_statistics(store_file):
    overrides = ("training.epochs=300", "network.hidden=[3,2]")
    configs = [
        xorlab.configure(f"seed={seed}", f"optimizer.lr={lr}", *overrides)
        for lr in (0.5, 3)
        for seed in range(4)
    ]
    results = xorlab.train_many(configs)
    recorded = xorlab.sweep(
        "seed=range(0,4)",
        "optimizer.lr=0.5,3",
        "training.epochs=300",
        "network.hidden=[3,2]",
        INLINE,
    )
    by = ["network.hidden", "optimizer.lr"]
    pd.testing.assert_frame_equal(
        xorlab.convergence(results, by=by), xorlab.convergence(recorded, by=by)
    )
    settings = {"optimizer.lr": 0.5}, {"optimizer.lr": 3}
    assert str(xorlab.compare(results, *settings)) == str(xorlab.compare(recorded, *settings))
    assert xorlab.plot.survival(results, by="optimizer.lr").get_lines()


def test_an_interrupted_sweep_says_how_it_goes_on_in_python(monkeypatch, capsys):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("xorlab.commands.sweep.Hydra.create_main_hydra2", interrupted)
    before = list(sys.argv)
    with pytest.raises(KeyboardInterrupt):
        xorlab.sweep("seed=1,2")
    assert capsys.readouterr().out == "In Python, the same call of xorlab.sweep goes on.\n"
    assert sys.argv == before
