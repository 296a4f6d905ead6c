"""Keys under hydra.launcher: checked before anything starts, and only where they mean something."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

SMALL = ("-m", "seed=1,2", "training.epochs=5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["engine=cloud"], "hydra.launcher.engine=cloud: must be one of local, dask, ray, slurm"),
        (["engine=slurm"], "hydra.launcher.workers=null: must be how many Slurm jobs to ask for"),
        (["engine=dask"], "hydra.launcher.address=null: must be the scheduler's address"),
        (["engine=slurm", "workers=2", "time=0"], "time=0: must be an integer >= 1: minutes"),
        (["engine=slurm", "workers=2", "time=soon"], "hydra.launcher.time=soon: must be an"),
        (["engine=ray", "cpus=0"], "cpus=0: must be an integer >= 1"),
        (["engine=ray", "memory=-1"], "memory=-1: must be an integer >= 1: MiB"),
        (["engine=ray", "start_timeout=0"], "start_timeout=0.0: must be a number > 0: seconds"),
        (
            ["engine=ray", "partition=gpu"],
            "partition=gpu: must be left out where hydra.launcher.engine=ray; it belongs to slurm",
        ),
        (
            ["address=there"],
            "address=there: must be left out where hydra.launcher.engine=local; it "
            "belongs to dask and ray",
        ),
        (["engine=ray", "executor=inline"], "executor=inline: must be left out where"),
        (["engine=ray", "nodes=2"], "nodes"),
    ],
)
def test_a_wrong_option_is_refused(options, message, command, tmp_path):
    ended = command(*SMALL, *(f"hydra.launcher.{option}" for option in options))
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "hydra.launcher.engine=dask",
            "hydra.launcher.engine=dask: a run by itself has no launcher",
        ),
        ("hydra.launcher.workers=1", "hydra.launcher.workers=1: a run by itself has no launcher"),
        ("hydra/launcher=basic", "hydra/launcher=basic: a run by itself has no launcher"),
        ("hydra/sweeper=precision", "hydra/sweeper=precision: a run by itself has no sweeper"),
        ("+study=first", "study=first: it is a sweep, of seed=range(0,100) network.hidden=2,3,4"),
    ],
)
def test_what_only_a_sweep_uses_is_refused_where_there_is_none(
    override, message, command, tmp_path
):
    ended = command("training.epochs=5", override)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "-m" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_the_defaults_may_be_spelt_out_for_a_single_run(command, store_file):
    ended = command("training.epochs=5", "hydra.launcher.engine=local", "hydra/launcher=vectorized")
    assert (ended.code, ended.err) == (0, "")


def test_a_landscape_uses_the_launcher_and_refuses_a_sweeper(command, store_file):
    plane = ("+study=kolen1990_slice", "landscape.width=4", "landscape.height=4")
    assert command(*plane, "hydra.launcher.executor=inline").code == 0
    ended = command(*plane, "hydra/sweeper=precision")
    assert ended.code == 2
    assert "hydra/sweeper=precision: a landscape is one run, which has no sweeper" in ended.err


@pytest.mark.parametrize(
    ("engine", "library", "options"),
    [
        ("slurm", "submitit", ["hydra.launcher.workers=2"]),
        ("ray", "ray", []),
        ("dask", "distributed", ["hydra.launcher.address=tcp://127.0.0.1:9"]),
    ],
)
def test_a_missing_extra_is_named(engine, library, options, command, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not there
    for arguments in (SMALL, (*SMALL[1:2], "plan=true")):
        ended = command("-m", *arguments, f"hydra.launcher.engine={engine}", *options)
        assert (ended.code, ended.out) == (2, "")
        assert f"pip install 'xorlab[{engine}]'" in ended.err
    assert list(Path(tmp_path).iterdir()) == []
