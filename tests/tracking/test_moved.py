"""A store and its files move together, and one that cannot be written can be read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import xorlab
from tests.helpers.commands import record
from xorlab.commands.report import main as report
from xorlab.errors import StoreError
from xorlab.tracking.store.artifacts import local_folder
from xorlab.tracking.store.opening import open_store

SWEEP = ("-m", "seed=0,1", "training.epochs=20", "hydra.launcher.executor=inline")
NOBODY = 65534


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, empty_store) -> Path:
    """A folder with a store of two runs, none of them solved."""
    folder = tmp_path_factory.mktemp("A ü")
    record(folder, empty_store, *SWEEP)
    return folder


@pytest.fixture
def folder(recorded, tmp_path) -> Path:
    """The same at a place of its own, beside which the first one is gone."""
    here, there = tmp_path / "A ü", tmp_path / "B ü"
    shutil.copytree(recorded, here)
    xorlab.load_runs(f"sqlite:///{here / 'mlflow.db'}")
    here.rename(there)
    return there


def places(folder: Path) -> list[Path]:
    """Where the files of the runs and of the sweep are, as recorded."""
    store = open_store(f"sqlite:///{folder / 'mlflow.db'}", "xorlab")
    runs = xorlab.load_runs(store.uri)
    ids = [*runs["run_id"], *runs["sweep"].unique()]
    return [local_folder(store.client.get_run(one).info.artifact_uri) for one in ids]


@pytest.mark.slow
def test_files_are_found_where_the_store_was_moved_with_them(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    runs = xorlab.load_runs()
    assert len(xorlab.diagnose(runs)) == 2
    again = command(*SWEEP, "seed=0,1,2")
    assert (again.code, again.err) == (0, "")
    assert [one.is_relative_to(folder) and one.is_dir() for one in places(folder)] == [True] * 5
    assert [path.name for path in folder.parent.iterdir()] == ["B ü"]  # nothing at the old place


def test_mlflow_finds_them_too(folder):
    store = open_store(f"sqlite:///{folder / 'mlflow.db'}", "xorlab").through_mlflow
    run = xorlab.load_runs(store.uri)["run_id"].iloc[0]
    assert "weights.npz" in [file.path for file in store.client.list_artifacts(run)]


def test_a_copy_has_its_own_files_and_the_first_one_keeps_its_own(folder, tmp_path):
    before = places(folder)
    copied = tmp_path / "deep" / "er" / "C"
    shutil.copytree(folder, copied)
    assert all(one.is_relative_to(copied) for one in places(copied))
    assert places(folder) == before


def test_files_that_stayed_behind_are_left_where_they_are(folder, tmp_path):
    before = places(folder)
    (tmp_path / "C").mkdir()
    shutil.copy(folder / "mlflow.db", tmp_path / "C" / "mlflow.db")
    (tmp_path / "C" / "mlartifacts" / "xorlab").mkdir(parents=True)  # without these runs
    assert places(tmp_path / "C") == before


@pytest.fixture
def shared(folder) -> Iterator[Path]:
    """A copy that another user reaches: the folders of tests are the user's own."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield shutil.copytree(folder, Path(place) / "shared")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Within: the folder can be read and not written; root works as another user meanwhile."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_store_that_cannot_be_written_is_read(shared, capsys):
    store = f"sqlite:///{shared / 'mlflow.db'}"
    expected = xorlab.load_runs(store)
    expected_failures = xorlab.diagnose(expected)  # imports what it needs as the test's own user
    (shared / "mlflow.db.lock").unlink()
    with read_only(shared):
        runs = xorlab.load_runs(store, sweep="latest")
        assert runs["run_id"].tolist() == expected["run_id"].tolist()
        assert len(xorlab.load_curves(runs)) == len(xorlab.load_curves(expected))
        assert xorlab.diagnose(runs).equals(expected_failures)
        with pytest.raises(StoreError, match="can be read, but not written"):
            xorlab.load_runs(store, filter="metrics.final_loss < 1")
        assert report(["latest", "--uri", store]) == 1
        assert "--out FOLDER" in capsys.readouterr().err
        with pytest.raises(StoreError, match="cannot be written"):
            open_store(store, "another")
