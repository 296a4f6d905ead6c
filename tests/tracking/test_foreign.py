"""Experiments that xorlab did not record: read as they are, and used in statistics."""

from __future__ import annotations

import mlflow
import numpy as np
import pytest

import xorlab
from xorlab.tracking.store.opening import open_store

# MLflow's own client loads all of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_runs_of_another_program_are_read_with_params_metrics_and_tags(tmp_path):
    uri = f"sqlite:///{tmp_path / 'theirs.db'}"
    store = open_store(uri, "theirs")
    client = mlflow.MlflowClient(uri)
    for seed in range(4):
        run = client.create_run(store.experiment_id, run_name=f"run {seed}", tags={"team": "blue"})
        params = {"seed": seed, "lr": 0.1, "shuffle": bool(seed % 2), "net": "mlp"}
        for key, value in params.items():
            client.log_param(run.info.run_id, key, value)
        for step in range(0, 30, 10):
            client.log_metric(run.info.run_id, "val/loss", 1 / (step + 1 + 10 * seed), step=step)
        client.set_terminated(run.info.run_id)
    runs = xorlab.load_runs(uri, "theirs")
    own = ["lr", "net", "seed", "shuffle", "val/loss", "team"]
    assert sorted(runs) == sorted(["run_id", "name", "status", *own])
    kinds = [runs[name].dtype.kind for name in ("lr", "seed", "shuffle", "val/loss")]
    assert kinds == ["f", "i", "b", "f"]
    assert xorlab.load_runs(uri, "theirs", filter="params.seed = '3'")["seed"].tolist() == [3]
    curves = xorlab.load_curves(runs, "val/loss")
    times = xorlab.first_passage(curves, below=0.04, value="val/loss").merge(runs, on="run_id")
    found = xorlab.convergence(times, by="net")
    assert found["solved"].tolist() == [int(np.sum(1 / (21 + 10 * np.arange(4)) <= 0.04))]
