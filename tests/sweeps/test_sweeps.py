"""Sweeps end to end on a real store."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

import xorlab
from tests.helpers.commands import Recorded, parents, record
from tests.helpers.recorded import INLINE, SMALL, comparable, curves_by_key
from xorlab.commands.report import main as make_report
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.axes import swept
from xorlab.sweeps.plan.jobs import catalogued
from xorlab.tracking.store.opening import open_store


def test_a_sweep_records_every_run_and_ends_with_a_table(command, store_file):
    ended = command(*SMALL, "tracking.report=true")
    assert (ended.code, ended.err) == (0, "")
    assert "24 runs in" in ended.out
    (parent,) = parents()
    assert f"\nRecorded in experiment 'xorlab' as sweep {parent.info.run_id}\n" in ended.out
    (report,) = re.findall(r"^Open the report: (.+)$", ended.out, flags=re.MULTILINE)
    assert "<title>" in Path(report).read_text()
    assert f"mlflow ui --backend-store-uri sqlite:///{store_file}\n" in ended.out
    runs = xorlab.load_runs()
    assert (runs["status"] == "FINISHED").all()
    assert runs.groupby(["network.hidden", "optimizer.lr"]).size().tolist() == [6] * 4
    rates = xorlab.convergence(runs, by=["network.hidden", "optimizer.lr"])
    for row in rates.itertuples():
        assert re.search(rf"{row.n}\s+{row.solved}\s+{100 * row.rate:.0f} %", ended.out)
    alone = xorlab.train(
        xorlab.configure("seed=4", "network.hidden=3", "optimizer.lr=3", "training.epochs=800")
    )
    run = runs[(runs["seed"] == 4) & (runs["network.hidden"] == 3) & (runs["optimizer.lr"] == 3)]
    curve = xorlab.load_curves(run)
    assert curve["loss"].tolist() == alone.loss.tolist()
    assert curve["step"].tolist() == alone.steps.tolist()


def test_the_parent_run_holds_the_summary(command, store_file):
    command(*SMALL, "tracking.report=true")
    (parent,) = parents()
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == "sweep xor seed=0..5 hidden=2, 3 lr=0.5, 3.0"
    assert parent.data.params == {
        "seed": "0..5",
        "network.hidden": "2, 3",
        "optimizer.lr": "0.5, 3.0",
    }
    assert parent.data.metrics["runs"] == 24
    assert "| network.hidden | optimizer.lr | runs |" in parent.data.tags["mlflow.note.content"]
    folder = Path(open_store(None, "xorlab").client.download_artifacts(parent.info.run_id, ""))
    runs = xorlab.load_runs(sweep=parent.info.run_id)
    tidy = pd.read_parquet(folder / "runs.parquet")
    pd.testing.assert_frame_equal(
        tidy.sort_values("run_id", ignore_index=True), runs.sort_values("run_id", ignore_index=True)
    )
    curves = pd.read_parquet(folder / "curves.parquet")
    pd.testing.assert_frame_equal(xorlab.load_curves(tidy), curves)
    assert (folder / "report.html").read_text().count("<svg ") >= 3


def test_a_sweep_without_a_report_has_its_tables_and_gets_one_when_it_is_asked_for(
    command, store_file
):
    ended = command("-m", "seed=1,2", "optimizer.lr=0.5,3", "training.epochs=30", INLINE)
    assert (ended.code, ended.err) == (0, "")
    assert "tracking.report=false" in sys.argv
    (parent,) = parents()
    assert "Open the report" not in ended.out
    assert f"\nMake its report: xorlab-report {parent.info.run_id[:8]}\n" in ended.out
    assert "| optimizer.lr | runs |" in parent.data.tags["mlflow.note.content"]
    folder = Path(open_store(None, "xorlab").client.download_artifacts(parent.info.run_id, ""))
    tables = {"curves.parquet", "runs.parquet", "settings.parquet"}
    assert {path.name for path in folder.iterdir()} == tables
    assert make_report([parent.info.run_id[:8]]) == 0
    assert (folder / "report.html").read_text().count("<svg ") >= 3


def test_choices_with_keys_of_their_own_are_swept_and_keep_their_types(command, store_file):
    ended = command(
        "-m",
        "seed=1,2",
        "optimizer=gd,adam,rprop",
        "network.skip=false,true",
        "network.activation=relu,leaky_relu",
        "training.epochs=20",
        INLINE,
    )
    assert (ended.code, ended.err) == (0, "")
    (parent,) = parents()
    # The rates of gd and adam follow from the choice; a slope only leaky_relu has.
    assert parent.data.params == {
        "seed": "1, 2",
        "optimizer": "gd, adam, rprop",
        "network.skip": "false, true",
        "network.activation": "relu, leaky_relu",
        "network.slope": "0.01",
    }
    runs = xorlab.load_runs(sweep=parent.info.run_id)
    assert runs["network.skip"].dtype == bool
    assert runs["optimizer.lr"].dtype == float
    rates = runs.groupby("optimizer")["optimizer.lr"].unique()
    assert rates["adam"].tolist() == [0.001]
    assert rates["gd"].tolist() == [0.1]
    assert runs.loc[runs["optimizer"] == "rprop", "optimizer.lr"].isna().all()
    table = xorlab.convergence(runs, by=["optimizer", "network.skip", "network.slope"])
    assert table["n"].tolist() == [2] * 12
    assert "24 runs in" in ended.out
    assert "| relu | - | True | rprop | 2 |" in parent.data.tags["mlflow.note.content"]


def test_a_key_that_follows_from_a_choice_is_no_axis():
    def axes(*sets: str) -> dict[str, list[str]]:
        grid = [overrides.split() for overrides in sets]
        return swept(
            catalogued(grid, [xorlab.configure(*overrides) for overrides in grid], TRAINER)
        )

    assert axes("optimizer=gd", "optimizer=rprop") == {"optimizer": ["gd", "rprop"]}
    assert axes("task=xor", "task=parity") == {"task": ["xor", "parity"]}
    assert axes("optimizer.lr=1", "optimizer.lr=2", "optimizer=adam") == {
        "optimizer": ["gd", "adam"],
        "optimizer.lr": ["1.0", "2.0", "0.001"],
    }
    assert axes("training.target_loss=0.1", "training.target_loss=null") == {
        "training.target_loss": ["0.1"]
    }


FEW = ("-m", "seed=1,2", "network.hidden=2,3", "optimizer.lr=0.5,3", "training.epochs=300")


@pytest.fixture(scope="module")
def few(tmp_path_factory, empty_store) -> Recorded:
    """What a small sweep leaves that is launched as usual."""
    folder = tmp_path_factory.mktemp("few")
    return record(folder, empty_store, *FEW, "tracking.experiment=one")


@pytest.mark.parametrize(
    "options",
    [
        [INLINE],
        ["hydra.launcher.executor=threads"],
        ["hydra.launcher.workers=3"],
        ["tracking.bulk=false"],
        ["hydra/launcher=basic"],
        pytest.param(["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], marks=pytest.mark.slow),
        ["hydra/sweeper=basic"],
        pytest.param(["hydra/sweeper=basic", "hydra/launcher=basic"], marks=pytest.mark.slow),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:joblib.*")
def test_whatever_launches_the_jobs_the_runs_are_the_same(options, command, few, tmp_path):
    few.copy_to(tmp_path)
    ended = command(*FEW, "tracking.experiment=other", *options)
    assert (ended.code, ended.err) == (0, "")
    one, other = xorlab.load_runs(experiment="one"), xorlab.load_runs(experiment="other")
    alone = options == ["hydra/sweeper=basic", "hydra/launcher=basic"]  # single runs, to xorlab
    expected = comparable(one)
    if alone:
        expected["name"] = "epochs=300 " + expected["name"]
    pd.testing.assert_frame_equal(expected, comparable(other))
    assert curves_by_key(one) == curves_by_key(other)
    assert len(parents("other")) == (0 if alone else 1)


def test_runs_have_the_same_names_under_other_launchers(command, store_file):
    sweep = ("-m", "seed=1,2", "network.activation=sigmoid,tanh", "training.epochs=5")
    names = []
    for options in ([INLINE], ["hydra/launcher=basic", "tracking.experiment=other"]):
        assert command(*sweep, *options).code == 0
        runs = xorlab.load_runs(experiment="other" if "hydra/launcher=basic" in options else None)
        names.append(sorted(runs["name"]))
    assert names[0] == names[1]
    assert names[0][0].startswith("activation=sigmoid xor h=2")


def test_a_plan_is_printed_and_nothing_is_done(command, tmp_path):
    ended = command(
        "-m", "seed=range(0,50)", "network.hidden=2,3", "optimizer.lr=0.5,5e-1", "plan=true"
    )
    assert ended.code == 0
    rows = dict(re.findall(r"^\s*(\S.*?\S)\s{2,}(\S.*?)\s*$", ended.out, flags=re.MULTILINE))
    assert rows["jobs"] == "200"
    assert rows["settings x seeds"] == "2 x 50"
    assert rows["duplicates"] == "100"
    assert rows["already finished"] == "0"
    assert rows["to train"] == "100"
    assert "estimated training time" in rows
    assert rows["store"] == f"{tmp_path / 'mlflow.db'} (new), experiment xorlab"
    assert list(tmp_path.iterdir()) == []


def test_a_plan_says_so_when_the_store_cannot_be_read(command, tmp_path):
    Path("notes.db").write_text("this is no database, but it is long enough to be looked at\n" * 9)
    ended = command("-m", "seed=1,2", "plan=true", "tracking.uri=sqlite:///notes.db")
    assert (ended.code, ended.out) == (1, "")
    assert "cannot open the tracking store" in ended.err


def test_duplicates_are_trained_once(command, store_file):
    ended = command("-m", "seed=1,1,2", "training.epochs=5", INLINE)
    assert ended.code == 0
    assert "1 of 3 jobs name a run that an earlier one names; it is trained once" in ended.out
    assert sorted(xorlab.load_runs()["seed"]) == [1, 2]


def test_a_key_of_one_of_several_choices_is_swept_apart(command, tmp_path):
    ended = command("-m", "seed=1,2", "optimizer=gd,rprop", "optimizer.lr=0.1,1")
    assert (ended.code, ended.out) == (2, "")
    assert "left out where optimizer=rprop" in ended.err
    assert "run a sweep for each, into one experiment" in ended.err


def test_one_bad_job_among_many_refuses_the_sweep_and_is_named(command, tmp_path):
    ended = command("-m", "seed=range(0,100)", "optimizer.lr=0.1,-1")
    assert (ended.code, ended.out) == (2, "")
    assert "job 2 of 200 (seed=0 optimizer.lr=-1): optimizer.lr=-1.0: must be" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_where_runs_are_tracked_cannot_be_swept(command):
    ended = command("-m", "tracking.experiment=a,b")
    assert ended.code == 2
    assert "tracking.experiment: cannot be swept" in ended.err


@pytest.mark.parametrize("option", ["hydra.launcher.executor=cloud", "hydra.launcher.workers=0"])
def test_a_wrong_launcher_option_is_refused(option, command, tmp_path):
    ended = command("-m", "seed=1,2", option)
    assert ended.code == 2
    assert option.partition("=")[0] in ended.err
    assert list(tmp_path.iterdir()) == []


def test_groups_can_be_swept(command, store_file):
    ended = command(
        "-m",
        "task=and,or,xor",
        "init=glob(*,exclude=[given,notebook,normal,uniform])",
        "training.epochs=20",
        INLINE,
    )
    assert ended.code == 0
    runs = xorlab.load_runs()
    assert set(zip(runs["task"], runs["init"], strict=True)) == {
        (task, init) for task in ("and", "or", "xor") for init in ("glorot", "he", "nguyen_widrow")
    }


def test_a_study_is_a_sweep_that_can_be_made_smaller(command, store_file):
    ended = command("-m", "+study=first", "seed=range(0,2)", "training.epochs=20", INLINE)
    assert ended.code == 0
    assert len(xorlab.load_runs(experiment="first")) == 18
