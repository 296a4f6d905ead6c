"""What tests of sweeps on clusters ask of the cluster and of the store."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from pathlib import Path

import numpy as np

import xorlab
from tests.helpers.clusters import Cluster
from xorlab.tracking.read.search import ended_runs
from xorlab.tracking.store.opening import open_store


def recorded(store_file: Path) -> int:
    with sqlite3.connect(f"file:{store_file}?mode=ro", uri=True) as database:
        (count,) = database.execute("SELECT count(*) FROM runs WHERE status='FINISHED'").fetchone()
    database.close()
    return int(count)


def soon(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def same_bits(results) -> None:
    runs = xorlab.load_runs()
    assert len(runs) == len(results)
    assert runs["key"].is_unique
    assert (runs["status"] == "FINISHED").all()
    curves = dict(iter(xorlab.load_curves(runs).groupby("run_id")))
    for run in runs.to_dict("records"):
        result = results[run["seed"], run["network.hidden"]]
        curve = curves[run["run_id"]]
        assert curve["loss"].to_numpy().tobytes() == result.loss.tobytes()
        assert curve["step"].tolist() == result.steps.tolist()
        metrics = {name: run[name] for name in result.numbers()}
        assert metrics == result.numbers()
    for run in runs.head(4).to_dict("records"):
        trained = xorlab.load_weights(runs[runs["run_id"] == run["run_id"]])
        result = results[run["seed"], run["network.hidden"]]
        for mine, theirs in zip(next(iter(trained.values())).weights, result.weights, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def under_way(name: str, engine: Cluster) -> int:
    """What the cluster still has of a sweep that has ended."""
    if name == "slurm":
        queued = subprocess.run(["squeue", "-h"], capture_output=True, text=True, check=True)
        return len(queued.stdout.splitlines())
    address = engine.options[1].partition("=")[2]
    if name == "dask":
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            return sum(len(tasks) for tasks in client.processing().values())
    import ray

    ray.init(address=address, log_to_driver=False, logging_level="CRITICAL")
    try:
        return int(ray.cluster_resources()["CPU"] - ray.available_resources().get("CPU", 0))
    finally:
        ray.shutdown()


def nothing_recorded() -> None:
    store = open_store(None, "xorlab")
    assert store.client.search_runs([store.experiment_id]) == []
    assert list(ended_runs(store, ["any"])) == []
