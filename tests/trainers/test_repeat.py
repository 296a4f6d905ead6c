"""Repeating a run of a user's own trainer: it is named, never loaded because a record names it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import xorlab
from tests.helpers.commands import without_report
from tests.trainers import coin
from xorlab.commands.main import run_trainer
from xorlab.commands.repeat import main
from xorlab.trainers.find import find

INLINE = "hydra.launcher.executor=inline"
COIN = ("--trainer", "tests.trainers.coin:train")

ROUNDED = """
from dataclasses import dataclass
import numpy as np
import xorlab

@dataclass
class Rounded:
    seed: int = 0

def result(config, shift=0.0):
    value = np.random.default_rng(config.seed).random() * (1 + shift)
    return xorlab.Result("unsolved", 5, metrics={"value": value}, arrays={"all": [value]})

@xorlab.trainer()
def train(config: Rounded) -> xorlab.Result:
    return result(config)

@train.many(rtol=1e-6)
def many(configs):
    return [result(config, 1e-9) for config in configs]
"""


@pytest.fixture
def runs(store_file, monkeypatch):
    for seed in (1, 2):
        monkeypatch.setattr("sys.argv", ["coin.py", f"seed={seed}", "chance=0.3"])
        assert run_trainer(coin.train) == 0
    return xorlab.load_runs()


def altered(query: str, *values: object) -> None:
    with closing(sqlite3.connect("mlflow.db")) as database, database:
        assert database.execute(query, values).rowcount > 0


def test_a_run_repeats_bit_for_bit_by_its_id_its_key_and_its_script(runs, monkeypatch, capfd):
    first, second = runs.to_dict("records")
    assert main([first["run_id"][:10], *COIN]) == 0
    printed = capfd.readouterr().out
    assert printed.count("the same bits") == 5
    assert "curves       the same bits: loss, hit\n" in printed
    assert printed.endswith("The run repeats bit for bit.\n")
    assert main([second["key"], *COIN]) == 0
    monkeypatch.setattr("sys.argv", ["coin.py", "--repeat", first["run_id"]])
    assert run_trainer(coin.train) == 0
    assert len(xorlab.load_runs()) == 2  # nothing is recorded


@pytest.mark.slow
def test_a_record_that_was_altered_does_not_repeat(runs, capfd):
    run = runs["run_id"].iloc[0]
    altered("UPDATE metrics SET value = value + 1e-12 WHERE key = 'loss' AND run_uuid = ?", run)
    (path,) = Path("mlartifacts").glob(f"*/{run}/artifacts/log.txt")
    path.write_text("another")
    assert main([run, *COIN]) == 1
    printed = capfd.readouterr().out
    assert "curve loss differs" in printed
    assert "file log.txt differs" in printed
    assert "arrays       the same bits: last" in printed
    assert "its record may have been altered" in printed
    altered("UPDATE params SET value = '0.5' WHERE key = 'chance'")
    (path,) = Path("mlartifacts").glob(f"*/{run}/artifacts/config.yaml")
    path.write_text(path.read_text().replace("chance: 0.3", "chance: 0.5"))
    assert main([run, *COIN]) == 1
    assert "gives another key than its record" in capfd.readouterr().err


def refused(arguments: Sequence[str], capfd) -> str:
    assert main(arguments) == 2
    return capfd.readouterr().err


@pytest.mark.slow
def test_the_trainer_must_be_named_and_be_the_right_one(runs, capfd, command):
    run = runs["run_id"].iloc[0]
    message = refused([run], capfd)
    assert (
        "this is a run of the trainer coin 2. Name the trainer, as --trainer ./file.py" in message
    )
    assert "coin.twin 1 was named" in refused([run, "--trainer", "tests.trainers.coin:twin"], capfd)
    assert "there is no file" in refused([run, "--trainer", "./nowhere.py:train"], capfd)
    assert "only tasks of the built-in" in refused([run, *COIN, "--table", "x.csv"], capfd)
    assert command("training.epochs=5", "tracking.experiment=networks").code == 0
    network = xorlab.load_runs(experiment="networks")["run_id"].iloc[0]
    assert "this is a run of the trainer of networks, and coin 2 was" in refused(
        [network, *COIN], capfd
    )
    assert main([network]) == 0
    assert main([network, "--trainer", "network"]) == 0


def test_a_twin_repeats_to_its_tolerance_and_an_edited_file_is_said(store_file, monkeypatch, capfd):
    Path("rounded.py").write_text(ROUNDED)
    monkeypatch.setattr(
        "sys.argv",
        ["rounded.py", *without_report(("-m", "seed=1,2", INLINE, "hydra.launcher.workers=1"))],
    )
    assert run_trainer(find("./rounded.py:train")) == 0
    run = xorlab.load_runs()["run_id"].iloc[0]
    named = ["--trainer", "./rounded.py:train"]
    assert main([run, *named]) == 0
    printed = capfd.readouterr().out
    assert "the same to rtol=1e-06: solved, epochs_run, value" in printed
    assert printed.endswith("The run repeats to rtol=1e-06.\n")
    Path("new").mkdir()
    value = np.random.default_rng(1).random()
    for shift, code in ((1e-8, 0), (1e-4, 1)):
        path = Path(f"new/rounded{code}.py")
        path.write_text(
            ROUNDED.replace("shift=0.0", f"shift={shift}").replace(
                "@xorlab.trainer()", '@xorlab.trainer(name="rounded")'
            )
        )
        assert main([run, "--trainer", f"./{path}:train"]) == code
        printed = capfd.readouterr().out
        assert "the trainer's file: SHA-256 " in printed
    assert f"value {value * (1 + 1e-9)} then, {value * (1 + 1e-4)} now" in printed


@pytest.mark.slow
def test_a_run_that_raises_now_does_not_repeat(runs, capfd, monkeypatch):
    def raises(config):
        raise ArithmeticError("tails")

    monkeypatch.setattr(coin.train, "function", raises)
    assert main([runs["run_id"].iloc[0], *COIN]) == 1
    captured = capfd.readouterr()
    assert captured.out.endswith("The run does not repeat: it raised ArithmeticError: tails\n")
    assert "Traceback" in captured.err
