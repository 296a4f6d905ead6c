"""A user's trainer from the command line to the tables: sweeps, resuming, and what goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import signal
import threading
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import xorlab
from tests.helpers.commands import without_report
from tests.trainers import coin
from xorlab.commands import report
from xorlab.commands.main import run_named, run_trainer
from xorlab.errors import ConfigError, StoreError
from xorlab.trainers.find import find, names
from xorlab.trainers.spec import spec_of

SWEEP = ("-m", "seed=range(0,12)", "chance=0.1,0.4", "epochs=9")
INLINE = "hydra.launcher.executor=inline"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Its own store and working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    def started(*arguments: str, trainer=coin.train) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["coin.py", *without_report(arguments)])
        code = run_trainer(trainer)
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return started


def test_a_sweep_is_recorded_with_curves_arrays_and_a_report_and_is_not_trained_again(
    run, store_file
):
    code, out = run(*SWEEP, "tracking.report=true")
    assert code == 0, out
    runs = xorlab.load_runs()
    assert len(runs) == 24
    assert list(runs)[6:11] == ["seed", "chance", "epochs", "sides", "epochs_run"]
    assert runs["seed"].dtype == np.int64
    for row in runs.to_dict("records"):
        config = coin.Coin(row["seed"], row["chance"], row["epochs"])
        alone = coin.train(config)
        assert row["outcome"] == alone.outcome
        assert row["hit"] == alone.curves["hit"][1][-1]
        assert row["name"] == f"coin {f'chance={config.chance} '}epochs=9 seed={config.seed}"
    curves = xorlab.load_curves(runs, "hit")
    assert list(curves) == ["run_id", "step", "hit"]
    assert set(runs["trainer"]) == {"coin 2"}
    with pytest.raises(ConfigError, match=r"curve=hits: must be one that the runs have: .*hit"):
        xorlab.load_curves(runs, "hits")
    assert len(curves) == len(xorlab.load_curves(runs)) == int(runs["epochs_run"].sum())
    (folder,) = Path("mlartifacts").glob(f"*/{runs['run_id'][0]}/artifacts")
    assert {path.name for path in folder.iterdir()} == {"arrays.npz", "config.yaml", "log.txt"}
    (report,) = Path("mlartifacts").glob("*/*/artifacts/report.html")
    assert "chance=0.4" in report.read_text()
    code, out = run(*SWEEP)
    assert (code, len(xorlab.load_runs())) == (0, 24)
    assert "none trained, 24 skipped" in out


def test_other_versions_are_other_runs_and_a_plan_starts_nothing(run):
    code, out = run(*SWEEP, "plan=true")
    assert code == 0
    assert "to train                  24" in out
    assert "not known before the first runs have ended" in out
    assert not Path("mlflow.db").exists()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["chanse=0.1"], "chanse: there is no such key; did you mean chance?"),
        (["chance=2"], "chance=2.0: must be a number > 0 and < 1"),
        (["epochs=many"], "epochs=many: must be an integer >= 1"),
        (["task=xor"], "task: there is no such key"),
        (["chance=0.1,0.2"], "several values make a sweep"),
    ],
)
def test_wrong_overrides_are_refused_in_the_readers_words(run, overrides, message):
    code, out = run(*overrides)
    assert code == 2
    assert message in out


REASONS = {
    "raise": "ArithmeticError: tails",
    "exit": "SystemExit: 4",
    "cancel": "asyncio.exceptions.CancelledError",
    "wrong": "TypeError: a trainer returns an xorlab.Result, not str",
    "text": "TypeError: metrics['hits'] must be a number, not str",
    "nan": "ValueError: curves['loss']: a value is not finite; end the curve before it",
    "quit": "the worker process was ended 2 times (exit code 7)",
}
HANDLED = ("chdir", "print")


@pytest.mark.parametrize("trainer", [coin.train, coin.twin], ids=["train", "twin"])
def test_a_run_that_breaks_costs_only_itself_and_is_retried_when_asked(
    run, trainer, folder, store_file
):
    breaks = ",".join([*REASONS, *HANDLED])
    sweep = ("-m", f"breaks={breaks}", "seed=range(2,5)", "hydra.launcher.workers=1")
    code, out = run(*sweep, trainer=trainer)
    assert code == 1
    for kind, reason in REASONS.items():
        line = f"error in breaks={kind} seed=3: "
        assert f"{line}{reason}" in out
    assert "the traceback of each is its artifact traceback.txt" in out
    runs = xorlab.load_runs()
    assert len(runs) == runs["key"].nunique() == 3 * len(coin.BREAKS[:-1])
    failed = runs[runs["status"] == "FAILED"]
    assert sorted(failed["breaks"]) == sorted(REASONS)
    assert set(failed["seed"]) == {3}
    logs = [path.read_text() for path in Path("mlartifacts").glob("*/*/artifacts/log.txt")]
    assert len(logs) == len(runs) - len(failed)
    assert all(log.endswith(f" in {folder}") for log in logs)
    code, out = run(*sweep, "tracking.existing=retry", trainer=trainer)
    assert f"{len(REASONS)} trained" in out


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_a_run_that_hangs_ends_with_ctrl_c_and_the_sweep_goes_on_later(run, executor, store_file):
    Path("hang").touch()
    sweep = ("-m", "breaks=hang", "seed=range(2,5)", "chance=0.1,0.2")
    options = (f"hydra.launcher.executor={executor}", "hydra.launcher.workers=1")
    import_module("xorlab.sweeps.summary.finish")  # which a thread does while a sweep trains
    before = set(threading.enumerate())

    def interrupt() -> None:
        while not Path("hangs").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    code, out = run(*sweep, *options)
    interrupter.join()
    assert code == 130
    # Whether a run ended before the one that hangs began depends on the engine.
    assert re.search(r"stopped; (what is recorded stays|0 runs are recorded)\. Go on with: ", out)
    assert set(threading.enumerate()) <= before
    Path("hang").unlink()
    code, out = run(*sweep, *options)
    assert code == 0
    runs = xorlab.load_runs()
    assert len(runs) == runs["key"].nunique() == 6
    assert set(runs["status"]) == {"FINISHED"}


def test_a_single_run_is_recorded(run, store_file):
    code, out = run("seed=5")
    assert code == 0
    assert "Recorded as 'coin seed=5' in experiment 'xorlab'" in out
    assert xorlab.load_runs()["seed"].tolist() == [5]


@pytest.mark.slow
def test_seeds_are_added_until_the_rates_are_known(run, store_file):
    more = ("hydra.sweeper.half_width=0.2", "hydra.sweeper.first_round=5")
    code, out = run("-m", "hydra/sweeper=precision", "chance=0.1,0.4", *more, INLINE)
    assert code == 0, out
    assert "of 2 settings known well enough" in out


@pytest.mark.slow
def test_script_option_and_import_name_the_same_runs(run, store_file, monkeypatch, capsys):
    path = Path(coin.__file__)
    shutil.copy(path, "coin.py")
    for text in ("./coin.py:train", f"{coin.__name__}:train"):
        found = find(text)
        spec = spec_of(found, found.schema.kind())
        assert spec.key(1) == spec_of(coin.train, coin.train.schema.kind()).key(1)
    run(*SWEEP, INLINE)
    arguments = without_report((*SWEEP, INLINE))
    monkeypatch.setattr("sys.argv", ["xorlab", "--trainer", "./coin.py:train", *arguments])
    assert run_named(["--trainer", "./coin.py:train", *SWEEP, INLINE]) == 0
    assert "none trained, 24 skipped" in capsys.readouterr().out


def test_a_run_of_a_users_trainer_has_a_page_too(run, store_file, capsys):
    run("-m", "seed=range(0,4)", "chance=0.2,0.9", INLINE)
    runs = xorlab.load_runs()
    one = runs[(runs["chance"] == 0.2) & (runs["epochs_to_solve"] > 1)].iloc[0]
    assert report.main([one["run_id"], "--out", "pages"]) == 0
    (file,) = Path("pages").iterdir()
    page = " ".join(file.read_text().split())
    assert f"Solved at step {one['epochs_to_solve']:.0f}." in page
    others = runs[(runs["chance"] == 0.2) & (runs["seed"] != one["seed"])]
    solved = (others["outcome"] == "solved").sum()
    assert f"{solved} of 3 other runs of this setting were solved" in page
    assert '<td class="left">chance</td><td>0.2</td>' in page
    assert "hit along the way." in page
    with pytest.raises(StoreError, match=r"runs of the trainer coin 2 cannot be diagnosed"):
        xorlab.diagnose(xorlab.load_runs().assign(outcome="unsolved"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("odd", "there is no such trainer; one of network"),
        ("nowhere.at.all:train", "there is no module nowhere"),
        ("./nowhere.py:train", "there is no file"),
        ("./nowhere.py", "name its function too, as ./nowhere.py:train"),
        ("./broken.py:train", "broken.py, line 1: "),
        ("tests.trainers.coin:odd", "tests.trainers.coin has no odd"),
        ("tests.trainers.coin:broken", "this is a function, not a trainer"),
    ],
)
def test_a_trainer_that_is_not_there_is_refused(text, message, capsys):
    Path("broken.py").write_text("def train(:\n")
    assert run_named(["--trainer", text]) == 2
    assert message in capsys.readouterr().err


def test_names_of_trainers_are_listed_and_nothing_is_loaded(capsys):
    assert run_named(["--trainers"]) == 0
    assert capsys.readouterr().out.startswith("network          xorlab.networks.trainer:TRAINER")
    assert "network" in names()


def test_help_shows_the_docstring_and_every_key_of_the_trainer(run):
    code, out = run("--help")
    assert code == 0
    assert out.startswith("coin (version 2) - Tosses a coin.\n")
    assert "  chance  (default: 0.2)\n      of heads; a number > 0 and < 1\n" in out
    assert "example: python coin.py chance=0.1,0.2" in out
    assert "python coin.py -m hydra/sweeper=precision chance=0.1,0.2" in out
    assert "network.hidden" not in out
    assert run("--help", "chance")[1].startswith("  chance  (default: 0.2)")
    shared = re.findall(r"^  ([a-z.]+) {2,}\S", out.partition("Keys of every trainer")[2], re.M)
    assert shared == ["tracking", "landscape", "hydra.launcher", "hydra.sweeper"]
    for name in shared:
        assert run("--help", name)[1].startswith(f"  {name}.")
    plane = "landscape.x=chance landscape.x_low=0.1 landscape.x_high=0.4 landscape.y=epochs"
    assert f"example: python coin.py {plane}" in run("--help", "landscape")[1]


def test_a_file_that_is_edited_while_a_sweep_runs_is_refused(run, store_file):
    shutil.copy(coin.__file__, "edited.py")
    trainer = find("./edited.py:train")
    Path("edited.py").write_text(Path("edited.py").read_text() + "\n# edited\n")
    code, out = run(*SWEEP, trainer=trainer)
    assert code == 1
    assert "edited.py: this file was edited after the sweep began; what is recorded stays" in out
    assert "24 of 24 runs are missing" in out


def edited_copy(name: str):
    """The trainer from a copy of its file with one more line."""
    text = Path(coin.__file__).read_text()
    Path(name).write_text(f"{text}\n# edited\n")
    return find(f"./{name}:train")


def warns_of_an_edited_file(run, *options: str) -> None:
    sweep = ("-m", "seed=range(0,3)", INLINE, *options)
    assert run(*sweep)[0] == 0
    code, out = run(*sweep)
    assert "another version of the file" not in out
    Path("other").mkdir()
    code, out = run("-m", "seed=range(0,5)", INLINE, *options, trainer=edited_copy("other/coin.py"))
    assert code == 0
    assert "3 finished runs were recorded from another version of the file coin.py, and are" in out
    assert "3 skipped" in out


def test_runs_that_are_skipped_although_the_file_was_edited_are_counted(run, store_file):
    warns_of_an_edited_file(run)


@pytest.mark.slow
def test_a_server_finds_runs_of_an_edited_file_too(run, server):
    warns_of_an_edited_file(run, f"tracking.uri={server}", "tracking.experiment=edited")


def test_many_jobs_that_fail_alike_are_one_line(run, store_file, monkeypatch):
    monkeypatch.setattr(coin, "broken", lambda _: 1 / 0)
    sweep = ("-m", "breaks=print", "seed=2,3", "epochs=range(1,6)", INLINE)
    code, out = run(*sweep)
    assert code == 1
    failed = [line for line in out.splitlines() if line.startswith("error in ")]
    first = "error in breaks=print seed=3 epochs=1"
    assert failed == [f"{first}, and 4 more: ZeroDivisionError: division by zero"]
