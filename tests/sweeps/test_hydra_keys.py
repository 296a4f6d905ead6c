"""Every key of Hydra's own has its effect in a sweep, or is refused before anything starts."""

from __future__ import annotations

import re

import pytest

import xorlab

SMALL = ("training.epochs=3", "hydra.launcher.executor=inline")
CALLBACKS = """
from hydra.experimental.callback import Callback

class Around(Callback):
    def on_multirun_end(self, config, **kwargs):
        open("ended", "w").close()

class OfJobs(Callback):
    def on_job_end(self, config, job_return, **kwargs):
        with open("jobs", "a") as file:
            file.write(f"{config.hydra.job.num} ")
"""


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("hydra.sweep.dir=out", "hydra.sweep.dir=out: .*have no folder"),
        ("hydra.sweep.subdir='${hydra:job.num}'", "hydra.sweep.subdir=.*have no folder"),
        ("hydra.output_subdir=.hydra", "hydra.output_subdir=.hydra: .*have no folder"),
        ("hydra.job.chdir=true", "hydra.job.chdir=true: .*found from the folder of the command"),
        ("+hydra.job.env_set.A=b", "hydra.job.env_set: .*NAME=VALUE xorlab -m"),
        ("hydra.job.env_copy=[PATH]", "hydra.job.env_set: "),
        ("hydra/job_logging=default", "hydra.job_logging: .*no log of their own"),
    ],
)
def test_what_jobs_that_are_trained_together_cannot_have_is_refused(
    override, message, command, tmp_path
):
    ended = command("-m", "seed=0,1", override)
    assert ended.code == 2
    assert re.search(message, ended.err)
    assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []


def test_callbacks_of_a_sweep_are_called_and_those_of_jobs_refused(
    command, store_file, tmp_path, monkeypatch
):
    (tmp_path / "mycalls.py").write_text(CALLBACKS)
    monkeypatch.syspath_prepend(tmp_path)
    around = "+hydra.callbacks.a._target_=mycalls.Around"
    assert command("-m", "seed=0,1", around, *SMALL).code == 0
    assert (tmp_path / "ended").exists()
    jobs = "+hydra.callbacks.b._target_=mycalls.OfJobs"
    ended = command("-m", "seed=0,1", jobs, *SMALL)
    assert ended.code == 2
    assert "hydra.callbacks: OfJobs.on_job_end would never be called" in ended.err
    ended = command("-m", "seed=0,1,2", jobs, SMALL[0], "hydra/launcher=basic")
    assert (ended.code, (tmp_path / "jobs").read_text()) == (0, "2 ")


@pytest.mark.slow
def test_a_job_that_is_its_number_is_the_same_with_every_launcher(command, store_file):
    """Also after some jobs are finished, and Hydra would number the others anew."""
    same = ("-m", "seed=${hydra:job.num}", "network.hidden=2,3,4", "training.epochs=3")
    assert command(*same, SMALL[1]).code == 0
    first = xorlab.load_runs()
    assert dict(zip(first["network.hidden"], first["seed"], strict=True)) == {2: 0, 3: 1, 4: 2}
    for launcher in ("vectorized", "basic"):
        ended = command(
            *same[:2],
            "network.hidden=5,2,6",
            same[3],
            f"hydra/launcher={launcher}",
            f"tracking.experiment={launcher}",
        )
        assert (ended.code, ended.err) == (0, "")
    again = command(
        *same[:2],
        "network.hidden=5,2,7",
        same[3],
        "hydra/launcher=basic",
        "tracking.experiment=basic",
    )
    assert (again.code, again.err) == (0, "")
    assert "1 trained in" in again.out
    basic = xorlab.load_runs(experiment="basic")
    assert dict(zip(basic["network.hidden"], basic["seed"], strict=True)) == {
        5: 0,
        2: 1,
        6: 2,
        7: 2,
    }
    ours = xorlab.load_runs(experiment="vectorized")
    assert set(ours["key"]) < set(basic["key"])


def test_a_run_that_a_launcher_recorded_elsewhere_is_reported(command, store_file, tmp_path):
    elsewhere = f"sqlite:///{tmp_path / 'other.db'}"
    ended = command(
        "-m",
        "seed=0,1",
        "training.epochs=3",
        "hydra/launcher=basic",
        f"+hydra.job.env_set.MLFLOW_TRACKING_URI='{elsewhere}'",
    )
    assert ended.code == 1
    assert "error in seed=0 training.epochs=3: its run is not in the store" in ended.out
    assert ended.err == ""
