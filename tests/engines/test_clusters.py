"""Sweeps on real clusters: the same bits as here, whatever is killed, and nothing left behind."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest

import xorlab
from tests.commands.test_readme import ENGINES as README
from tests.engines.on_clusters import nothing_recorded, recorded, same_bits, soon, under_way
from tests.helpers.clusters import Cluster, cluster, missing
from tests.helpers.commands import parents, wait_until
from tests.helpers.planes import rates_and_ranges

pytestmark = pytest.mark.slow

ENGINES = [
    pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("slurm", "ray", "dask")
]
SLURM = [pytest.param("slurm", marks=pytest.mark.xdist_group("slurm"))]
# A thousand runs, and work for some seconds.
SWEEP = (
    "-m",
    "seed=range(0,250)",
    "network.hidden=2,3,4,5",
    "training.epochs=5000",
    "training.record_every=250",
)
LONG = (
    "-m",
    "seed=range(0,40)",
    "network.hidden=2,3,4,5,6,7,8,9",
    "training.epochs=100000",
    "training.record_every=5000",
)
SMALL = ("-m", "seed=range(0,3)", "training.epochs=20")

_running: dict[str, Cluster] = {}


@pytest.fixture(scope="module")
def _clusters(tmp_path_factory):
    """Each started when a test first asks for it."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        found: dict[str, Cluster] = {}

        def get(engine: str) -> Cluster:
            if engine not in found:
                reason = missing(engine)
                if reason is not None:
                    pytest.skip(reason)
                folder = tmp_path_factory.mktemp(engine)
                found[engine] = stack.enter_context(cluster(engine, folder / "cluster"))
            return found[engine]

        yield get


@pytest.fixture
def engine(request, _clusters, monkeypatch) -> Cluster:
    made = _clusters(request.param)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    return made


@pytest.fixture(scope="module")
def here() -> dict[tuple[int, int], xorlab.Result]:
    """The same thousand networks, trained in this process."""
    configs = [
        xorlab.configure(f"seed={seed}", f"network.hidden={hidden}", *SWEEP[3:])
        for seed in range(250)
        for hidden in (2, 3, 4, 5)
    ]
    keys = [(config.seed, config.network.hidden) for config in configs]
    return dict(zip(keys, xorlab.train_many(configs), strict=True))


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_thousand_runs_survive_a_killed_worker_and_have_the_same_bits_as_here(
    engine, process, store_file, here
):
    child = process(*SWEEP, *engine.options)
    wait_until(lambda: recorded(store_file) > 0, child)
    os.kill(engine.workers()[0], signal.SIGKILL)
    out, err = child.communicate(timeout=120)
    assert (child.returncode, err) == (0, ""), out
    same_bits(here)
    (parent,) = parents()
    assert (parent.info.status, parent.data.metrics["runs"]) == ("FINISHED", 1000)


@pytest.mark.parametrize("engine", [ENGINES[0]], indirect=True)
def test_one_job_of_slurm_alone_trains_all(engine, command, store_file):
    options = [option.replace("workers=2", "workers=1") for option in engine.options]
    ended = command("-m", "seed=range(0,40)", "training.epochs=50", *options)
    assert (ended.code, ended.err) == (0, "")
    assert len(xorlab.load_runs()) == 40
    assert not Path("slurm").exists()


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_landscapes_and_adaptive_seeds_run_there_too(engine, command, store_file):
    plane = rates_and_ranges((30, 40), 60)
    ended = command(*plane, *engine.options, "tracking.experiment=plane")
    assert (ended.code, ended.err) == (0, "")
    there, here = (
        xorlab.load_landscape(experiment="plane"),
        xorlab.landscape(xorlab.configure(*plane)),
    )
    for name in ("outcome", "epochs_to_solve", "final_loss"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    ended = command(
        "-m",
        "hydra/sweeper=precision",
        "network.hidden=2",
        "training.epochs=50",
        "hydra.sweeper.half_width=0.1",
        *engine.options,
    )
    assert (ended.code, ended.err) == (0, "")
    assert "1 of 1 setting known well enough" in ended.out
    assert not Path("slurm").exists()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_ctrl_c_cancels_what_is_queued_and_what_remains_is_trained_later(
    engine, process, command, store_file, request
):
    child = process(*LONG, *engine.options)
    wait_until(lambda: recorded(store_file) > 0, child)
    os.killpg(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "Go on with: xorlab -m" in out
    assert "Traceback" not in out + err
    assert 0 < recorded(store_file) < 320
    soon(lambda: under_way(request.node.callspec.params["engine"], engine) == 0)
    ended = command(*LONG, "plan=true")
    assert re.search(rf"already finished +{recorded(store_file)}\b", ended.out)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_driver_that_is_killed_is_followed_by_one_that_does_the_rest(
    engine, process, command, store_file, here
):
    fewer = ("-m", "seed=range(0,60)", *SWEEP[2:])
    child = process(*fewer, *engine.options)
    wait_until(lambda: recorded(store_file) > 0, child)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    done = recorded(store_file)
    if "slurm" in engine.options[0]:
        engine.cancel()  # its jobs would notice by themselves, in a minute
    ended = command(*fewer, *engine.options)
    assert (ended.code, ended.err) == (0, "")
    assert f"{done} skipped" in ended.out
    same_bits({key: result for key, result in here.items() if key[0] < 60})


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_the_commands_of_the_readme_run_there(engine, command, store_file, monkeypatch):
    (line,) = (line for line in README if engine.options[0] in line)
    address = engine.options[1].partition("=")[2]
    monkeypatch.setenv("RAY_ADDRESS", address)
    program, *arguments = shlex.split(line.replace("tcp://127.0.0.1:8786", address))
    assert program == "xorlab"
    ended = command(*arguments)
    assert (ended.code, ended.err) == (0, "")
    assert "40 runs in" in ended.out


@pytest.mark.slow
@pytest.mark.parametrize("engine", SLURM, indirect=True)
def test_jobs_that_the_queue_cancels_end_a_sweep_that_says_what_is_missing(
    engine, process, command, store_file
):
    child = process(*LONG, *engine.options)
    wait_until(lambda: recorded(store_file) > 0, child)
    engine.cancel()
    out, err = child.communicate(timeout=60)
    missing = 320 - recorded(store_file)
    assert child.returncode == 1, out + err
    assert "all 2 jobs have ended with work left" in err
    assert f"{missing} of 320 runs are missing" in err
    assert len(re.findall(r"^missing: seed=", out, flags=re.MULTILINE)) == 20
    assert f"and {missing - 20} more" in out
    assert "Go on with: xorlab -m" in out
    (parent,) = parents()
    assert parent.info.status == "KILLED"
    ended = command(*LONG, "plan=true")
    assert re.search(rf"to train +{missing}\b", ended.out)


@pytest.mark.parametrize("engine", SLURM, indirect=True)
def test_a_queue_whose_node_never_starts_is_told_in_time(engine, command, store_file):
    node = subprocess.run(["sinfo", "-h", "-o", "%N"], capture_output=True, text=True, check=True)
    update = ["scontrol", "update", f"nodename={node.stdout.strip()}"]
    subprocess.run([*update, "state=drain", "reason=test"], check=True)
    try:
        ended = command(*SMALL, *engine.options, "hydra.launcher.start_timeout=1")
    finally:
        subprocess.run([*update, "state=resume"], check=True)
    assert ended.code == 1
    assert (
        "has had no job that runs for 1 s (hydra.launcher.start_timeout); squeue says: "
        in ended.err
    )
    assert "PENDING" in ended.err
    nothing_recorded()


@pytest.mark.parametrize("engine", SLURM, indirect=True)
@pytest.mark.parametrize("option", ["partition=none", "memory=999999999", "workers=5000"])
def test_a_submission_that_is_refused_is_told_before_anything_is_recorded(
    engine, option, command, store_file
):
    options = [o for o in engine.options if not option.startswith(o.split(".")[-1].split("=")[0])]
    ended = command(*SMALL, *options, f"hydra.launcher.{option}")
    assert ended.code == 1
    assert "the queue refuses" in ended.err
    assert ended.err.count("\n") == 1
    nothing_recorded()


@pytest.mark.xdist_group("ray")
@pytest.mark.parametrize("engine", [pytest.param("ray")], indirect=True)
def test_a_cluster_without_room_is_told_before_anything_is_recorded(engine, command, store_file):
    ended = command(
        *SMALL, *engine.options, "hydra.launcher.cpus=64", "hydra.launcher.start_timeout=1"
    )
    assert ended.code == 1
    assert "has had no room for a worker (hydra.launcher.cpus=64) for 1 s" in ended.err
    nothing_recorded()


@pytest.mark.parametrize(
    ("engine", "address"),
    [
        ("dask", "tcp://127.0.0.1:9"),
        ("dask", "127.0.0.1"),
        ("dask", "http://127.0.0.1:9"),
        ("ray", "127.0.0.1:9"),
        ("ray", "127.0.0.1"),
        ("slurm", None),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_told_before_anything_is_recorded(
    engine, address, command, store_file, monkeypatch
):
    if reason := missing(engine):
        pytest.skip(reason)
    options = ["hydra.launcher.workers=2"]
    if address is None:
        monkeypatch.setenv("SLURM_CONF", "/nowhere/slurm.conf")
    else:
        options.append(f"hydra.launcher.address={address}")
    ended = command(*SMALL, f"hydra.launcher.engine={engine}", *options)
    assert (ended.code, ended.out) == (1, "")
    assert f"hydra.launcher.engine={engine}" in ended.err
    assert "not answer" in ended.err
    assert ended.err.count("\n") == 1
    nothing_recorded()
