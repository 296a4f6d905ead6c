"""An mlflow server instead of a file: the same runs, the same tables."""

from __future__ import annotations

import pandas as pd
import pytest
from mlflow import MlflowClient

import xorlab
from tests.helpers.planes import plane

SWEEP = ("-m", "seed=range(0,3)", "network.hidden=2,3", "training.epochs=400", "optimizer.lr=3")


def comparable(runs: pd.DataFrame) -> pd.DataFrame:
    order = ["network.hidden", "seed"]
    return (
        runs.drop(columns=["run_id", "sweep", "started"], errors="ignore")
        .sort_values(order)
        .reset_index(drop=True)
    )


@pytest.mark.slow
def test_a_sweep_over_a_server_leaves_what_it_leaves_in_a_file(
    server, command, store_file, tmp_path
):
    assert command(*SWEEP).code == 0
    there = command(*SWEEP, f"tracking.uri={server}")
    assert (there.code, there.err) == (0, "")
    assert f"Browse the runs: {server}/#/experiments/" in there.out
    local, remote = xorlab.load_runs(), xorlab.load_runs(uri=server)
    pd.testing.assert_frame_equal(comparable(local), comparable(remote))
    key = {"run_id": "key"}
    curves = [
        xorlab.load_curves(runs)
        .merge(runs[["run_id", "key"]])
        .drop(columns=list(key))
        .sort_values(["key", "step"], ignore_index=True)
        for runs in (local, remote)
    ]
    pd.testing.assert_frame_equal(*curves)
    sweep = remote["sweep"].iloc[0]
    own = xorlab.load_runs(uri=server, sweep=sweep)
    pd.testing.assert_frame_equal(comparable(own), comparable(remote))
    again = command(*SWEEP, f"tracking.uri={server}")
    assert "6 skipped" in again.out
    assert len(xorlab.load_runs(uri=server)) == 6


@pytest.mark.slow
def test_curves_that_a_sweep_left_as_a_file_are_those_that_the_server_tells(server, command):
    places = [f"tracking.uri={server}", "tracking.experiment=filed"]
    assert command(*SWEEP, *places).code == 0
    assert command("seed=77", "training.epochs=50", *places).code == 0  # in no file
    runs = xorlab.load_runs(server, "filed").iloc[::-1]
    client = MlflowClient(server)
    table = [
        (run_id, metric.step, metric.value)
        for run_id in runs["run_id"]
        for metric in client.get_metric_history(run_id, "loss")
    ]
    curves = xorlab.load_curves(runs)
    assert list(curves.itertuples(index=False, name=None)) == table
    with pytest.raises(xorlab.ConfigError, match="filter=nonsense: must be an MLflow search"):
        xorlab.load_runs(server, "filed", filter="nonsense")


@pytest.mark.slow
def test_failures_are_told_over_a_server_as_from_a_file(server, command, store_file):
    sweep = (
        "-m",
        "seed=range(0,3)",
        "network.hidden=2,3",
        "training.epochs=60",
        "tracking.experiment=failures",
    )
    command(*sweep)
    command(*sweep, f"tracking.uri={server}")
    tables = [
        xorlab.diagnose(xorlab.load_runs(uri=uri, experiment="failures")) for uri in (None, server)
    ]
    assert len(tables[0]) == 6
    pd.testing.assert_frame_equal(*map(comparable, tables))
    gone = xorlab.load_runs(uri=server, experiment="failures").assign(run_id="0" * 32)
    with pytest.raises(xorlab.StoreError, match="cannot read the runs"):
        xorlab.load_weights(gone)


@pytest.mark.slow
def test_a_landscape_over_a_server_goes_on_and_is_read_back(server, command, monkeypatch):
    from xorlab.landscapes.pixels import Fault, PieceWork
    from xorlab.tracking.store.opening import open_store

    found = plane("weight.1", "weight.9", (30, 40), 30)
    places = (f"tracking.uri={server}", "tracking.experiment=planes")
    trained, true = [], PieceWork.run
    monkeypatch.setattr(
        PieceWork, "run", lambda work: true(work) if work.piece != 1 else Fault("odd one")
    )
    inline = "hydra.launcher.executor=inline"
    assert command(*found, *places, inline).code == 1
    monkeypatch.setattr(PieceWork, "run", lambda work: trained.append(work.piece) or true(work))
    assert command(*found, *places, inline).code == 0
    assert 0 not in trained
    one, here = (
        xorlab.load_landscape(uri=server, experiment="planes"),
        xorlab.landscape(xorlab.configure(*found)),
    )
    for name in ("outcome", "epochs_to_solve", "final_loss"):
        assert getattr(one, name).tobytes() == getattr(here, name).tobytes()
    store = open_store(server, "planes")
    (run,) = store.client.search_runs([store.experiment_id])
    assert run.info.status == "FINISHED"
    names = {artifact.path for artifact in store.client.list_artifacts(run.info.run_id)}
    assert names == {"config.yaml", "landscape.npz", "landscape.png"}


def test_a_single_run_over_a_server_has_its_artifacts(server, command, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    assert command("tracking.experiment=single", "training.epochs=50").code == 0
    from xorlab.tracking.store.opening import open_store

    store = open_store(server, "single")
    (run,) = store.client.search_runs([store.experiment_id])
    names = {artifact.path for artifact in store.client.list_artifacts(run.info.run_id)}
    assert names == {"config.yaml", "learning.png", "predictions.json", "weights.npz"}
