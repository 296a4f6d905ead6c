"""Stores: created once however many start at once, and addressed without ambiguity."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from xorlab import load_runs
from xorlab.errors import ConfigError, StoreError
from xorlab.tracking.store.address import public_address, resolve
from xorlab.tracking.store.errors import release_frames
from xorlab.tracking.store.opening import open_store

OPEN = (
    "import sys; from xorlab.tracking.store.opening import open_store; "
    "print(open_store(None, sys.argv[1]).experiment_id)"
)


def test_the_default_is_an_absolute_address_in_this_folder(tmp_path, monkeypatch):
    assert resolve(None) == f"sqlite:///{tmp_path}/mlflow.db"
    assert resolve("sqlite:///data/a.db") == f"sqlite:///{tmp_path}/data/a.db"
    assert resolve("sqlite:////data/a.db") == "sqlite:////data/a.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert resolve(None) == "http://host:5000"
    assert resolve("sqlite:////data/a.db") == "sqlite:////data/a.db"


@pytest.mark.parametrize(
    "uri", ["ftp://host", "mlruns", "sqlite://", "sqlite:///:memory:", "file:///x"]
)
def test_an_address_of_no_store_is_refused(uri):
    with pytest.raises(ConfigError, match=r"tracking\.uri"):
        resolve(uri)


def test_a_password_is_not_public_address():
    assert public_address("postgresql://me:secret@host/db") == "postgresql://***@host/db"
    assert public_address("http://host:5000") == "http://host:5000"


def test_processes_that_start_at_once_on_a_new_folder_share_store_and_experiment(tmp_path):
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, "shared"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    printed = [start.communicate() for start in starts]
    assert [start.returncode for start in starts] == [0] * 2, printed
    assert len({out for out, _ in printed}) == 1
    assert {out.strip() for out, _ in printed} != {"0"}


@pytest.mark.slow
def test_a_process_killed_while_it_makes_the_store_leaves_none(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # else it takes no time
    with subprocess.Popen([sys.executable, "-c", OPEN, "first"]) as start:
        while not list(tmp_path.glob("*.unfinished")):
            assert start.poll() is None
            time.sleep(0.01)
        time.sleep(0.2)
        start.kill()
    assert not (tmp_path / "mlflow.db").exists()
    assert open_store(None, "second").experiment_id == "1"
    assert not list(tmp_path.glob("*.unfinished*"))


def test_a_new_store_takes_nothing_from_one_that_was_removed(store_file, tmp_path):
    with closing(sqlite3.connect(store_file)) as connection:
        connection.execute("INSERT INTO experiments (experiment_id, name) VALUES (7, 'older')")
        connection.commit()
        # What stays beside it where its last process was killed.
        kept = {end: (tmp_path / f"mlflow.db{end}").read_bytes() for end in ("-wal", "-shm")}
    store_file.unlink()
    for end, content in kept.items():
        (tmp_path / f"mlflow.db{end}").write_bytes(content)
    assert open_store(None, "first").experiment_id == "1"
    with closing(sqlite3.connect(store_file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = connection.execute("SELECT name FROM experiments").fetchall()
    assert names == [("Default",), ("first",)]


def test_a_file_without_tables_becomes_a_store(tmp_path):
    (tmp_path / "mlflow.db").touch()
    assert open_store(None, "first").experiment_id == "1"


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("ffffffffffff", "made by a newer MLflow .* Install that MLflow here, or choose another"),
        ("bda7b8c39065", "older MLflow .* wait until that has ended, .* Otherwise copy the file"),
    ],
)
def test_a_store_of_another_mlflow_is_refused_and_left_as_it_is(store_file, revision, message):
    with closing(sqlite3.connect(store_file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
        with pytest.raises(StoreError, match=message):
            open_store(None, "xorlab")
        found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert found == [(revision,)]


def test_experiments_open_in_the_model_training_view(store_file):
    store = open_store(None, "a/b: c").through_mlflow
    experiment = store.client.get_experiment(store.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert Path(experiment.artifact_location.removeprefix("file://")).parent.name == "mlartifacts"


def test_a_deleted_experiment_is_named_with_the_way_back(store_file):
    store = open_store(None, "gone")
    store.client.delete_experiment(store.experiment_id)
    with pytest.raises(
        StoreError,
        match=r"was deleted; restore it with `MLFLOW_TRACKING_URI=sqlite:",
    ):
        open_store(None, "gone")


def test_reading_creates_nothing(tmp_path):
    with pytest.raises(StoreError, match="does not exist; has a run"):
        load_runs()
    assert list(tmp_path.iterdir()) == []


def test_reading_an_experiment_that_is_not_there_says_so(store_file):
    with pytest.raises(StoreError, match="lacks the experiment 'nope'"):
        load_runs(experiment="nope")
    with pytest.raises(StoreError, match="there is no such sweep"):
        load_runs(sweep="0" * 32)


def test_a_transaction_that_ctrl_c_broke_off_keeps_nothing_locked(store_file):
    store = open_store(None, "xorlab")

    def breaks_off() -> None:
        with store.database.writing():
            raise KeyboardInterrupt

    try:
        breaks_off()
    except KeyboardInterrupt as error:
        release_frames(error)
        with sqlite3.connect(store_file, timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
        other.close()
    else:
        raise AssertionError("nothing was raised")
