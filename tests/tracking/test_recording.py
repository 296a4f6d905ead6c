"""Recording: complete or absent, and the same rows whichever way they are written."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sqlalchemy import event

from xorlab import configure, load_curves, load_runs, train
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.networks.spec import spec_of
from xorlab.system.git import Provenance
from xorlab.system.signals import Terminated, terminations
from xorlab.tracking.choose_recorder import make_recorder
from xorlab.tracking.read.search import ended_runs, finished_runs
from xorlab.tracking.store.artifacts import local_folder
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.write.bulk_recorder import KNOWN_REVISIONS, BulkRecorder, refusal
from xorlab.tracking.write.client_recorder import (
    ClientRecorder,
    complete_or_abandon,
    create,
    record_run,
)
from xorlab.tracking.write.record import Context, failed, finished

CONTEXT = Context(Provenance("1.2.3", "c0ffee", "main", dirty=True), sweep="a" * 32)
KINDS = {
    "solved": ["optimizer.lr=3", "training.epochs=3000"],
    "unsolved": ["training.epochs=30"],
    "diverged": ["network.output=linear", "network.activation=relu", "optimizer.lr=1e9"],
    "parity": ["task=parity", "network.hidden=[3,2]", "training.epochs=5"],
}


def record_of(*overrides: str, context: Context = CONTEXT):
    config = configure(*overrides)
    return finished(spec_of(config), config.seed, train(config), context, 1000, 2000)


def records():
    ready = [record_of(*overrides) for overrides in KINDS.values()]
    return [*ready, failed(spec_of(configure()), 9, "Traceback\nValueError: x", CONTEXT, 1, 2)]


def without_identity(store, run_id: str) -> dict:
    """Everything that public calls tell of a run, but for its random id."""
    client = store.through_mlflow.client
    run = client.get_run(run_id)
    found = run.to_dictionary()
    curve = [
        (m.key, m.step, m.value, m.timestamp)
        for key in sorted(run.data.metrics)
        for m in client.get_metric_history(run_id, key)
    ]
    artifacts = sorted((a.path, a.is_dir, a.file_size) for a in client.list_artifacts(run_id))
    return json.loads(json.dumps([found, curve, artifacts]).replace(run_id, "ID"))


def rows_of(store, run_id: str) -> dict:
    """Every row of every table that mentions the run, but for its random id."""
    found = {}
    with store.database.reading() as transaction:
        for table in ("runs", "tags", "params", "metrics", "latest_metrics"):
            query = f"SELECT * FROM {table} WHERE run_uuid = :run"
            rows = transaction.rows(query, {"run": run_id})
            found[table] = sorted(json.dumps(row).replace(run_id, "ID") for row in rows)
    return found


def test_bulk_writes_what_the_client_writes_row_by_row(store_file):
    store = open_store(None, "xorlab")
    assert refusal(store) is None
    for record in records():
        (client,) = ClientRecorder(store).record([record], skip_existing=False)
        (bulk,) = BulkRecorder(store).record([record], skip_existing=False)
        assert rows_of(store, bulk) == rows_of(store, client)
        assert without_identity(store, bulk) == without_identity(store, client)


def test_a_run_says_all_that_the_contract_names(store_file):
    store = open_store(None, "xorlab")
    recorder = make_recorder(store, TrackingConfig(), print)
    (run_id,) = recorder.record([record_of(*KINDS["solved"])], skip_existing=False)
    run = store.client.get_run(run_id)
    assert run.info.run_name == "xor h=2 lr=3 seed=42"
    assert run.info.status == "FINISHED"
    assert run.data.params["network.hidden"] == "2"
    assert run.data.params["optimizer.lr"] == "3.0"
    assert {
        "loss",
        "final_loss",
        "max_error",
        "accuracy",
        "solved",
        "epochs_run",
        "epochs_to_solve",
    } == set(run.data.metrics)
    assert run.data.tags["xorlab.outcome"] == "solved"
    assert run.data.tags["mlflow.parentRunId"] == run.data.tags["xorlab.sweep"] == "a" * 32
    assert run.data.tags["mlflow.source.git.dirty"] == "true"
    folder = Path(store.client.download_artifacts(run_id, ""))
    table = json.loads((folder / "predictions.json").read_text())
    assert table["columns"] == ["inputs", "target", "output"]
    assert [row[:2] for row in table["data"]] == [
        [[0, 0], 0],
        [[0, 1], 1],
        [[1, 0], 1],
        [[1, 1], 0],
    ]
    with np.load(folder / "weights.npz", allow_pickle=False) as weights:
        assert {name: weights[name].shape for name in weights} == {
            "weights_1": (2, 2),
            "biases_1": (2,),
            "weights_2": (2, 1),
            "biases_2": (1,),
        }
    assert yaml.safe_load((folder / "config.yaml").read_text())["optimizer"]["lr"] == 3.0


def test_nothing_that_is_not_finite_is_recorded_as_a_metric(store_file):
    store = open_store(None, "xorlab")
    (run_id,) = ClientRecorder(store).record([record_of(*KINDS["diverged"])], skip_existing=False)
    metrics = store.client.get_run(run_id).data.metrics
    assert set(metrics) == {"loss", "solved", "epochs_run", "diverged_at"}
    assert all(np.isfinite(value) for value in metrics.values())


@pytest.mark.parametrize("bulk", [True, False])
def test_a_recording_that_breaks_off_leaves_no_finished_run(bulk, store_file, monkeypatch):
    store = open_store(None, "xorlab")
    recorder = make_recorder(store, TrackingConfig(bulk=bulk), print)
    broken = record_of("seed=3", "training.epochs=5")
    broken.params["too long"] = "x" * 9000
    broken.params.update({f"p{n}": "x" * 9000 for n in range(3)})
    ours = "xorlab.tracking.write.bulk_recorder._latest"
    target = ours if bulk else "mlflow.tracking.MlflowClient.log_batch"

    def breaks(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(target, breaks)
    with pytest.raises(KeyboardInterrupt):
        recorder.record([broken], skip_existing=False)
    statuses = [run.info.status for run in store.client.search_runs([store.experiment_id])]
    assert "FINISHED" not in statuses
    assert "RUNNING" not in statuses


@pytest.mark.parametrize("statement", [1, 3, 6, 9])
def test_sigterm_in_a_transaction_of_mlflows_does_not_wait_for_its_own_lock(statement, store_file):
    """It came at any statement that MLflow executes."""
    store = open_store(None, "xorlab").through_mlflow
    engine = store.client._tracking_client.store.engine
    executed = []

    def terminate(*_arguments: object) -> None:
        executed.append(True)
        if len(executed) == statement:
            signal.raise_signal(signal.SIGTERM)

    run = create(store, records()[0], skip_existing=False)
    event.listen(engine, "after_cursor_execute", terminate)
    began = time.monotonic()
    with terminations(), pytest.raises(Terminated):
        record_run(store, records()[0], skip_existing=False)
    event.remove(engine, "after_cursor_execute", terminate)
    assert time.monotonic() - began < 10
    store.client.set_terminated(run.info.run_id)
    assert time.monotonic() - began < 10


def test_a_run_that_is_broken_off_does_not_wait_for_a_store_that_is_locked(store_file):
    store = open_store(None, "xorlab").through_mlflow
    engine = store.client._tracking_client.store.engine
    with closing(sqlite3.connect(store_file, isolation_level=None)) as other:
        executed = []

        def lock_and_terminate(*_arguments: object) -> None:
            executed.append(True)
            if len(executed) == 1:  # it has only read by then
                other.execute("BEGIN IMMEDIATE")
                signal.raise_signal(signal.SIGTERM)

        run = create(store, records()[0], skip_existing=False)
        event.listen(engine, "after_cursor_execute", lock_and_terminate)
        began = time.monotonic()
        with terminations(), pytest.raises(Terminated):
            complete_or_abandon(store, run, records()[0])
        event.remove(engine, "after_cursor_execute", lock_and_terminate)
        assert time.monotonic() - began < 10
        other.execute("ROLLBACK")


@pytest.mark.parametrize("committed", [False, True])
def test_files_of_runs_that_are_in_no_database_go_with_them(store_file, monkeypatch, committed):
    store = open_store(None, "xorlab")
    recorder, written = BulkRecorder(store), BulkRecorder._written

    def breaks(self, *arguments):
        if committed:
            written(self, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(BulkRecorder, "_written", breaks)
    with pytest.raises(KeyboardInterrupt):
        recorder.record([record_of("seed=3", "training.epochs=5")], skip_existing=True)
    folders = list(local_folder(recorder._location).glob("*/artifacts"))
    assert len(folders) == len(load_runs()) == committed


def test_what_was_finished_in_the_meantime_is_left_out(store_file):
    store = open_store(None, "xorlab")
    record = record_of("seed=1", "training.epochs=5")
    theirs = record_of("seed=1", "training.epochs=5", context=replace(CONTEXT, sweep="b" * 32))
    BulkRecorder(store).record([theirs], skip_existing=True)
    for recorder in (BulkRecorder(store), ClientRecorder(store)):
        assert recorder.record([record], skip_existing=True) == [None]
    (found,) = finished_runs(store, {record.tags["xorlab.key"]: record.name, "other": "other"})
    assert found.data.tags["xorlab.key"] == record.tags["xorlab.key"]
    assert not list(finished_runs(store, {"other": record.name}))
    assert len(load_runs()) == 1


def test_a_schema_revision_that_is_not_known_is_recorded_run_by_run(store_file, monkeypatch):
    known = "xorlab.tracking.write.bulk_recorder.KNOWN_REVISIONS"
    monkeypatch.setattr(known, frozenset({"another"}))
    notes: list[str] = []
    recorder = make_recorder(open_store(None, "xorlab"), TrackingConfig(), notes.append)
    assert isinstance(recorder, ClientRecorder)
    assert "schema revision" in notes[0]
    assert KNOWN_REVISIONS


def test_a_sweep_in_another_writers_way_waits(store_file):
    store = open_store(None, "xorlab")
    record = record_of("training.epochs=5")

    def write(seed: int) -> None:
        for _ in range(5):
            BulkRecorder(store).record([record] * 20, skip_existing=False)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        load_runs()
    for writer in writers:
        writer.join()
    assert len(load_runs()) == 4 * 5 * 20


def test_what_is_read_is_what_public_calls_tell(store_file):
    store = open_store(None, "xorlab")
    BulkRecorder(store).record(records(), skip_existing=False)
    fast = load_runs()
    slow = load_runs(filter="attributes.status LIKE '%'")
    pd.testing.assert_frame_equal(
        fast.sort_values("run_id", ignore_index=True), slow.sort_values("run_id", ignore_index=True)
    )
    curves = load_curves(fast)
    for run_id in fast["run_id"]:
        history = store.client.get_metric_history(run_id, "loss")
        lines = sorted((metric.step, metric.value) for metric in history)
        own = curves[curves["run_id"] == run_id]
        assert list(zip(own["step"], own["loss"], strict=True)) == lines


def test_loaded_runs_are_tidy_and_typed(store_file):
    BulkRecorder(open_store(None, "xorlab")).record(records(), skip_existing=False)
    runs = load_runs()
    assert len(runs) == 5
    assert runs["seed"].dtype == "int64"
    assert runs["optimizer.lr"].dtype == "float64"
    assert runs["training.stop_when_solved"].dtype == "bool"
    assert sorted(runs["network.hidden"], key=str) == [2, 2, 2, 2, "[3,2]"]
    assert runs["final_loss"].dtype == "float64"
    assert runs.loc[runs["status"] == "FAILED", "outcome"].isna().all()
    some = load_runs(filter="params.`task` = 'parity'")
    assert some["task.bits"].tolist() == [3]
    assert set(load_curves(some)["run_id"]) == set(some["run_id"])
    with pytest.warns(UserWarning, match=r"none of the 5 runs of experiment 'xorlab' match"):
        assert load_runs(filter="params.task = 'encoder'").empty


def test_ended_runs_prefer_the_finished(store_file):
    store = open_store(None, "xorlab")
    record = failed(spec_of(configure("training.epochs=5")), 42, "x", CONTEXT, 1, 2)
    BulkRecorder(store).record([record], skip_existing=False)
    key = record.tags["xorlab.key"]
    assert [row["status"] for row in ended_runs(store, {key})] == ["FAILED"]
    BulkRecorder(store).record([record_of("training.epochs=5")], skip_existing=True)
    assert [row["status"] for row in ended_runs(store, {key})] == ["FINISHED"]


def test_skip_weights_are_recorded_and_a_sum_has_none():
    config = configure(
        "network.skip=true",
        "network.readout=sum",
        "network.output=linear",
        "network.activation=abs",
        "training.epochs=5",
    )
    result = train(config)
    record = finished(spec_of(config), 42, result, Context(Provenance("1")), 0, 1)
    with np.load(io.BytesIO(record.artifacts["weights.npz"]), allow_pickle=False) as arrays:
        assert {name: arrays[name].shape for name in arrays} == {
            "weights_1": (2, 2),
            "biases_1": (2,),
            "skip": (2, 1),
        }
        np.testing.assert_array_equal(arrays["skip"], result.skip)
    assert record.params["network.readout"] == "sum"
    assert record.params["network.skip"] == "true"


def test_parquet_and_weights_need_no_pickle():
    record = record_of("training.epochs=2")
    arrays = np.load(io.BytesIO(record.artifacts["weights.npz"]), allow_pickle=False)
    assert all(arrays[name].dtype == "float64" for name in arrays)
