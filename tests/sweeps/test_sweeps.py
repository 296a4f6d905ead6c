"""Sweeps end to end on a real store."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import xorlab
from tests.helpers.commands import Recorded, parents, record, wait_until
from tests.tracking.test_recording import record_of
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.axes import swept
from xorlab.sweeps.plan.jobs import catalogued
from xorlab.tracking.store.store import open_store
from xorlab.tracking.write.bulk_recorder import BulkRecorder

SMALL = ("-m", "seed=range(0,6)", "network.hidden=2,3", "optimizer.lr=0.5,3", "training.epochs=800")
INLINE = "hydra.launcher.executor=inline"


def comparable(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs without what differs from start to start."""
    return (
        runs.drop(columns=["run_id", "sweep", "started"])
        .sort_values(["network.hidden", "optimizer.lr", "seed"])
        .reset_index(drop=True)
    )


def curves_by_key(runs: pd.DataFrame) -> dict[str, list]:
    curves = xorlab.load_curves(runs).merge(runs[["run_id", "key"]], on="run_id")
    return {key: c[["step", "loss"]].to_numpy().tolist() for key, c in curves.groupby("key")}


def test_a_sweep_records_every_run_and_ends_with_a_table(command, store_file):
    ended = command(*SMALL)
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
    command(*SMALL)
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
    assert (folder / "success.png").read_bytes().startswith(b"\x89PNG")


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
    pd.testing.assert_frame_equal(comparable(one), comparable(other))
    assert curves_by_key(one) == curves_by_key(other)
    assert len(parents("other")) == (
        0 if "hydra/sweeper=basic" in options[0] and len(options) > 1 else 1
    )


def test_the_same_sweep_again_skips_what_is_finished(command, store_file):
    command(*SMALL)
    before = xorlab.load_runs()
    ended = command(*SMALL)
    assert "24 skipped" in ended.out
    pd.testing.assert_frame_equal(xorlab.load_runs(), before)
    assert len(parents()) == 1


def test_a_run_that_was_trained_alone_is_not_trained_again(command, store_file):
    command("seed=3", "training.epochs=50")
    ended = command("-m", "seed=range(0,5)", "training.epochs=50", INLINE)
    assert ended.code == 0
    assert "1 skipped" in ended.out
    assert sorted(xorlab.load_runs()["seed"]) == [0, 1, 2, 3, 4]


def test_a_widened_sweep_only_adds_what_is_new(command, store_file):
    command("-m", "seed=range(0,4)", "training.epochs=50")
    ended = command("-m", "seed=range(0,6)", "optimizer.lr=0.1,0.5", "training.epochs=50")
    assert "12 runs" in ended.out
    assert "4 skipped" in ended.out
    assert len(xorlab.load_runs()) == 12
    (wide,) = (parent for parent in parents() if "optimizer.lr" in parent.data.params)
    assert len(xorlab.load_runs(sweep=wide.info.run_id)) == 12


def test_existing_runs_can_be_run_again(command, store_file):
    command("-m", "seed=1,2", "training.epochs=9")
    command("-m", "seed=1,2", "training.epochs=9", "tracking.existing=rerun")
    runs = xorlab.load_runs()
    assert len(runs) == 4
    assert runs["key"].nunique() == 2


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
    assert list(tmp_path.iterdir()) == []


def test_a_plan_says_so_when_the_store_cannot_be_read(command, tmp_path):
    Path("notes.db").write_text("this is no database, but it is long enough to be looked at\n" * 9)
    ended = command("-m", "seed=1,2", "plan=true", "tracking.uri=sqlite:///notes.db")
    assert (ended.code, ended.out) == (1, "")
    assert "cannot open the tracking store" in ended.err


def test_duplicates_are_trained_once(command, store_file):
    assert command("-m", "seed=1,1,2", "training.epochs=5", INLINE).code == 0
    assert sorted(xorlab.load_runs()["seed"]) == [1, 2]


def test_one_bad_job_among_many_refuses_the_sweep_and_is_named(command, tmp_path):
    ended = command("-m", "seed=range(0,100)", "optimizer.lr=0.1,-1")
    assert (ended.code, ended.out) == (2, "")
    assert "job 1 of 200 (seed=0 optimizer.lr=-1): optimizer.lr=-1.0: must be" in ended.err
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


def _breaking(monkeypatch, seeds):
    """Make training break off for some seeds, as a fault in a worker would."""
    import xorlab.networks.trainer as work

    true = work.train_chunk

    def breaks(configs, task):
        if any(config.seed in seeds for config in configs):
            raise MemoryError("no room for this one")
        return true(configs, task)

    monkeypatch.setattr(work, "train_chunk", breaks)


def test_a_failed_job_is_recorded_with_its_traceback_and_the_others_go_on(
    command, store_file, monkeypatch
):
    with monkeypatch.context() as patch:
        _breaking(patch, {2})
        ended = command("-m", "seed=range(0,5)", "training.epochs=20", INLINE)
    assert ended.code == 1
    assert (
        "failed: job 2 (seed=2 training.epochs=20): MemoryError: no room for this one" in ended.out
    )
    runs = xorlab.load_runs().set_index("seed")
    assert runs["status"].to_dict() == {n: "FAILED" if n == 2 else "FINISHED" for n in range(5)}
    client = open_store(None, "xorlab").client
    folder = Path(client.download_artifacts(runs.loc[2, "run_id"], ""))
    assert "MemoryError: no room for this one" in (folder / "traceback.txt").read_text()

    ended = command("-m", "seed=range(0,5)", "training.epochs=20", INLINE)
    assert ended.code == 1
    assert "tracking.existing=retry runs it again" in ended.out
    ended = command(
        "-m", "seed=range(0,5)", "training.epochs=20", INLINE, "tracking.existing=retry"
    )
    assert ended.code == 0
    assert (xorlab.load_runs()["status"] == "FINISHED").sum() == 5


def test_a_sweep_can_stop_at_the_first_failure(command, store_file, monkeypatch):
    sweep = (
        "-m",
        "seed=range(0,4)",
        "network.hidden=2,3,4",
        "training.epochs=20",
        INLINE,
        "tracking.failures=stop",
    )
    with monkeypatch.context() as patch:
        _breaking(patch, {0})
        ended = command(*sweep)
    assert ended.code == 1
    assert re.match(r"xorlab: tracking\.failures=stop: job \d \(seed=0 ", ended.err)
    assert "MemoryError: no room for this one; what is recorded stays" in ended.err
    assert len(xorlab.load_runs()) < 12
    (parent,) = parents()
    assert parent.info.status == "FAILED"
    # What failed in an earlier start stops no later one.
    command(*sweep)
    assert xorlab.load_runs()["status"].value_counts().to_dict() == {"FINISHED": 11, "FAILED": 1}


def test_a_job_that_breaks_off_here_and_was_finished_elsewhere_has_not_failed(
    command, store_file, monkeypatch
):
    sweep = ("-m", "seed=range(0,4)", "training.epochs=20", INLINE)
    _breaking(monkeypatch, {1})
    record = BulkRecorder.record

    def and_another_has_it(self, records, skip_existing):
        record(self, [record_of("seed=1", "training.epochs=20")], skip_existing=True)
        return record(self, records, skip_existing)

    monkeypatch.setattr(BulkRecorder, "record", and_another_has_it)
    ended = command(*sweep)
    assert (ended.code, "failed" in ended.out) == (0, False), ended.out
    assert {parent.info.status for parent in parents()} == {"FINISHED"}
    assert len(xorlab.load_runs()) == 4


LONG = (
    "-m",
    "seed=range(0,40)",
    "network.hidden=2,3,4,5,6,7,8",
    "optimizer.lr=0.1,0.5",
    "training.epochs=30000",
)


def test_ctrl_c_stops_soon_keeps_what_is_complete_and_says_how_to_go_on(
    process, store_file, tmp_path
):
    child = process(*LONG)
    wait_until(lambda: len(_runs()) > 20, child)
    began = time.monotonic()
    os.killpg(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert time.monotonic() - began < 3
    assert child.returncode == 130
    assert "Traceback" not in out + err
    assert "Go on with: xorlab -m 'seed=range(0,40)'" in out
    (parent,) = parents()
    assert parent.info.status == "KILLED"
    runs = xorlab.load_runs()
    assert (runs["status"] == "FINISHED").all()
    assert 20 < len(runs) < 560


@pytest.mark.slow
def test_a_killed_sweep_goes_on_where_it_stopped(process, command, store_file):
    few = ("-m", "seed=range(0,40)", "network.hidden=2,3,4", "training.epochs=8000")
    for _ in range(3):
        child = process(*few, "tracking.experiment=killed")
        have = len(_runs("killed"))
        wait_until(lambda have=have: len(_runs("killed")) > have, child)
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    ended = command(*few, "tracking.experiment=killed")
    assert ended.code == 0
    assert command(*few, "tracking.experiment=whole").code == 0
    killed, whole = xorlab.load_runs(experiment="killed"), xorlab.load_runs(experiment="whole")
    assert killed["key"].is_unique
    pd.testing.assert_frame_equal(comparable(killed), comparable(whole))
    assert curves_by_key(killed) == curves_by_key(whole)
    store = open_store(None, "killed")
    everything = store.client.search_runs([store.experiment_id], max_results=1000)
    assert {run.info.status for run in everything} == {"FINISHED"}


@pytest.mark.slow
def test_a_living_sweep_is_left_alone(process, command, store_file):
    child = process(*LONG)
    wait_until(lambda: len(_runs()) > 20, child)
    assert command("-m", "seed=1,2", "training.epochs=5", "task=and", INLINE).code == 0
    statuses = {parent.info.run_name: parent.info.status for parent in parents()}
    assert statuses["sweep and seed=1, 2"] == "FINISHED"
    assert sorted(statuses.values()) == ["FINISHED", "RUNNING"]
    assert child.poll() is None


@pytest.mark.slow
def test_sweeps_at_once_into_one_new_store_lose_nothing_and_do_nothing_twice(process, tmp_path):
    sweep = ("-m", "seed=range(0,150)", "training.epochs=300")
    children = [process(*sweep), process(*sweep), process(*sweep, "network.hidden=3")]
    ended = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], ended
    runs = xorlab.load_runs()
    assert len(runs) == 300
    assert runs["key"].is_unique
    assert (runs["status"] == "FINISHED").all()


def _runs(experiment: str = "xorlab") -> pd.DataFrame:
    from xorlab.errors import StoreError

    try:
        return xorlab.load_runs(experiment=experiment)
    except StoreError:
        return pd.DataFrame()


def test_job_returns_are_hydras_with_the_objective_in_job_order(store_file, monkeypatch):
    """Another sweeper, on top of the vectorized launcher, gets what any launcher gives."""
    from hydra._internal.callbacks import Callbacks
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path
    from hydra.core.plugins import Plugins
    from hydra.core.singleton import Singleton
    from hydra.core.utils import JobStatus
    from hydra.types import HydraContext, RunMode

    from xorlab.commands.app import task_function
    from xorlab.config.directory import config_directory
    from xorlab.config.registration import register_schema
    from xorlab.networks.config import SCHEMA
    from xorlab.networks.trainer import TRAINER

    monkeypatch.setattr(sys, "argv", ["xorlab"])
    register_schema(SCHEMA)
    path = create_config_search_path(f"file://{config_directory()}")
    loader = ConfigLoaderImpl(config_search_path=path)
    master = loader.load_configuration(
        "config", [INLINE, "tracking.objective=epochs_to_solve"], run_mode=RunMode.MULTIRUN
    )
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=HydraContext(config_loader=loader, callbacks=Callbacks()),
        task_function=task_function(TRAINER),
        config=master,
    )
    shared = "tracking.objective=epochs_to_solve"
    jobs = [[f"seed={n}", "optimizer.lr=2", "training.epochs=400", shared] for n in (3, 1, 2)]
    first = launcher.launch(jobs, initial_job_idx=0)
    second = launcher.launch([["seed=9", "training.epochs=5", shared]], initial_job_idx=3)
    assert [ret.status for ret in first] == [JobStatus.COMPLETED] * 3
    runs = xorlab.load_runs().set_index("seed")
    solved = runs["epochs_to_solve"].fillna(float("inf"))
    assert [ret.return_value for ret in first] == [solved[3], solved[1], solved[2]]
    assert second[0].return_value == float("inf")
    assert second[0].hydra_cfg.hydra.job.num == 3
    assert (first[0].cfg.seed, first[0].cfg.optimizer.lr) == (3, 2.0)
    assert "hydra" not in first[0].cfg
    (parent,) = parents()  # of all that was launched
    assert parent.data.metrics["runs"] == 4
    assert len(xorlab.load_runs(sweep=parent.info.run_id)) == 4
    assert Singleton  # imported so that Hydra's plug-ins are the process's own
    assert json.dumps(list(first[0].overrides))


def test_other_hydra_applications_are_not_disturbed(tmp_path):
    """Hydra runs every plug-in's module in every application, by a way of its own."""
    (tmp_path / "app.py").write_text(
        "import hydra\n"
        "@hydra.main(version_base='1.3', config_path=None)\n"
        "def main(cfg): print('ran', cfg.x)\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "app.py", "-m", "+x=1,2", "hydra.sweep.dir=out"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "ran 1" in ended.stdout
    assert "ran 2" in ended.stdout
