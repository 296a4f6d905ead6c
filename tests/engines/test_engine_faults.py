"""Clusters that lose what leads them, or all workers: nothing is lost, twice or waited for."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

import xorlab
from tests.conftest import ROOT
from tests.engines.on_clusters import nothing_recorded, recorded
from tests.helpers.clusters import Cluster, cluster, missing
from tests.helpers.clusters.processes import ENVIRONMENT
from tests.helpers.commands import parents, wait_until
from tests.helpers.planes import rates_and_ranges
from tests.landscapes.test_landscape_runs import assert_same

pytestmark = pytest.mark.slow

SWEEP = (
    "-m",
    "seed=range(0,30)",
    "network.hidden=2,3,4,5,6,7,8,9",
    "training.epochs=25000",
    "training.record_every=1250",
)
RUNS = 240
PLANE = rates_and_ranges((96, 96), 4000)


def engines(*names: str, slow: tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """Of each: one process has all that start such a cluster."""
    marked = [
        pytest.param(
            name, marks=[pytest.mark.xdist_group(name)] + [pytest.mark.slow] * (name in slow)
        )
        for name in names
    ]
    return pytest.mark.parametrize("engine", marked)


@pytest.fixture
def own(tmp_path_factory, monkeypatch):
    """A cluster that the test may ruin."""
    with ExitStack() as stack:

        def start(engine: str, nodes: bool = True) -> Cluster:
            if reason := missing(engine):
                pytest.skip(reason)
            monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
            folder = tmp_path_factory.mktemp(engine)
            made = stack.enter_context(cluster(engine, folder / "cluster", nodes))
            for name, value in made.environment.items():
                monkeypatch.setenv(name, value)
            return made

        yield start


def kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def complete() -> None:
    runs = xorlab.load_runs()
    assert len(runs) == RUNS
    assert runs["key"].is_unique
    assert (runs["status"] == "FINISHED").all()


def told_what_is_missing(child, message: str, store_file) -> None:
    """It ended by itself, said why, and what to do; what is recorded is as it said."""
    out, err = child.communicate(timeout=90)
    assert child.returncode == 1, out + err
    errors = [line for line in err.splitlines() if line.startswith("xorlab: ")]
    assert len(errors) == 1, err
    assert re.search(message, errors[0]), err
    assert f"{RUNS - recorded(store_file)} of {RUNS} runs are missing" in errors[0]
    assert "Go on with: xorlab -m" in out
    assert "Traceback" not in out + err, out + err
    assert [parent.info.status for parent in parents()] == ["KILLED"]


@engines("ray", "dask", slow=("ray", "dask"))
def test_a_sweep_ends_when_what_leads_its_cluster_is_killed_and_goes_on_with_a_new_one(
    engine, own, process, command, store_file
):
    where = own(engine)
    child = process(*SWEEP, *where.options)
    wait_until(lambda: recorded(store_file) > 0, child)
    kill(where.head())
    if engine == "dask":  # at once, so that the sweep may find it there
        where.start_head()
    told_what_is_missing(child, "is gone, or has dropped the work|has lost its head", store_file)
    if engine == "ray":
        kill(where.nodes())
        where.start_head()
    where.start_nodes()
    ended = command(*SWEEP, *where.options)
    assert (ended.code, ended.err) == (0, ""), ended.out
    complete()


@engines("ray", "slurm", slow=("ray", "slurm"))
def test_a_node_that_is_killed_with_all_that_runs_there_costs_nothing(
    engine, own, process, store_file
):
    """Ray's other node does its work; Slurm begins its jobs anew once there is a node."""
    where = own(engine)
    child = process(*SWEEP, *where.options)
    wait_until(lambda: recorded(store_file) > 0, child)
    kill(where.nodes())
    if engine == "slurm":
        begin_jobs_anew(where)
    out, err = child.communicate(timeout=150)
    assert (child.returncode, err) == (0, ""), out
    complete()


def begin_jobs_anew(where: Cluster) -> None:
    """What Slurm does by itself, minutes later: find the node dead, and wait with its jobs."""
    name = asked("sinfo", "-h", "-o", "%N")
    asked("scontrol", "update", f"nodename={name}", "state=down", "reason=dead")
    where.start_nodes()
    time.sleep(5)  # what was to end the jobs that died with the node would end these
    for job in asked("squeue", "-h", "--array", "-o", "%F_%K").split():
        asked("scontrol", "update", f"jobid={job}", "starttime=now")


def asked(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@engines("slurm", slow=("slurm",))
@pytest.mark.parametrize("anew", ["anew", "never"])
def test_jobs_go_on_without_their_controller(engine, anew, own, process, store_file):
    where = own(engine)
    child = process(*SWEEP, *where.options)
    wait_until(lambda: recorded(store_file) > 0, child)
    if anew == "anew":
        time.sleep(6)  # Slurm saves every 5 s that jobs run; a job that it saved as waiting is lost
    kill(where.head())
    if anew == "anew":
        time.sleep(3)  # long enough to be missed
        where.start_head()
    out, err = child.communicate(timeout=150)
    assert (child.returncode, err) == (0, ""), out
    complete()
    if anew == "never":
        kill(where.nodes())
        where.start_head()


@engines("ray", "dask", "slurm", slow=("ray", "dask", "slurm"))
def test_a_sweep_does_not_wait_for_ever_for_workers(engine, own, process, command, store_file):
    where = own(engine, nodes=False)
    patience = "hydra.launcher.start_timeout=2"
    ended = command(*SWEEP, *where.options, patience)
    assert ended.code == 1
    assert "for 2 s (hydra.launcher.start_timeout)" in ended.err
    assert ended.err.count("\n") == 1
    nothing_recorded()
    where.start_nodes()
    child = process(*SWEEP, *where.options, "hydra.launcher.start_timeout=6")
    wait_until(lambda: recorded(store_file) > 0, child)
    kill(where.nodes())
    told_what_is_missing(child, "for 6 s .hydra.launcher.start_timeout", store_file)
    where.start_nodes()
    ended = command(*SWEEP, *where.options)
    assert (ended.code, ended.err) == (0, ""), ended.out
    complete()


@engines("dask", slow=("dask",))
def test_a_landscape_does_not_wait_for_ever_for_workers_either(
    engine, own, process, command, store_file
):
    where = own(engine, nodes=False)
    ended = command(*PLANE, *where.options, "hydra.launcher.start_timeout=2")
    assert ended.code == 1
    assert "for 2 s (hydra.launcher.start_timeout)" in ended.err
    nothing_recorded()
    where.start_nodes()
    child = process(*PLANE, *where.options, "hydra.launcher.start_timeout=6")
    wait_until(lambda: pieces() > 0, child)
    kill(where.nodes())
    out, err = child.communicate(timeout=60)
    assert child.returncode == 1, out + err
    assert "for 6 s (hydra.launcher.start_timeout)" in err
    assert re.search(r"\d+ of \d+ pieces of the landscape are missing", err)
    assert "Go on with: xorlab landscape.x" in out
    where.start_nodes()
    ended = command(*PLANE, *where.options)
    assert (ended.code, ended.err) == (0, ""), ended.out
    assert_same(xorlab.load_landscape(), xorlab.landscape(xorlab.configure(*PLANE)))


@engines("dask", "slurm", "ray", slow=("slurm", "ray"))
def test_a_worker_with_other_code_is_refused_before_anything_is_recorded(
    engine, own, command, store_file, tmp_path_factory, monkeypatch
):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(ROOT / "xorlab", other / "xorlab")
    with (other / "xorlab" / "networks" / "losses" / "half_sse.py").open("a") as file:
        file.write("# changed\n")
    monkeypatch.setitem(ENVIRONMENT, "PYTHONPATH", str(other))
    where = own(engine)
    if engine == "slurm":  # its jobs inherit the environment of the submitting process
        monkeypatch.setenv("PYTHONPATH", str(other))
    ended = command("-m", "seed=range(0,3)", "training.epochs=20", *where.options)
    assert ended.code == 1
    assert re.search(r"has a worker with source code of xorlab \w{12} \(here \w{12}\)", ended.err)
    assert ended.err.count("\n") == 1
    nothing_recorded()


def pieces() -> int:
    return len(list(Path().rglob("*.npz")))
