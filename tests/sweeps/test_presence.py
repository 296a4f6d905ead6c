"""What others remove of a sweep is noticed, by itself and by the next start, which completes it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import xorlab
from tests.helpers.recorded import INLINE
from xorlab.errors import StoreError
from xorlab.sweeps.console import make_console
from xorlab.sweeps.parent_run import parent_run
from xorlab.system.git import provenance
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.write.sweep_run import SweepIdentity

SWEEP = ("-m", "seed=range(0,6)", "network.hidden=2,3", "training.epochs=300")
RECORDED = "SELECT run_uuid FROM tags WHERE key = 'xorlab.key'"


def change(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        connection.execute(statement)
        connection.commit()


def without_files(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        (first,) = connection.execute(RECORDED).fetchone()
    shutil.rmtree(database.parent / "mlartifacts" / "xorlab" / first)


REMOVALS: dict[str, tuple[Callable[[Path], None], str]] = {
    "files": (without_files, "runs have lost their files while it ran; .* tracking.existing=retry"),
    "experiment": (
        lambda file: change(file, "UPDATE experiments SET lifecycle_stage = 'deleted'"),
        "experiment 'xorlab' was deleted while the sweep ran.*experiments restore",
    ),
    "experiment for good": (
        lambda file: change(file, "DELETE FROM experiments WHERE name = 'xorlab'"),
        "experiment 'xorlab' was removed for good while the sweep ran, as `mlflow gc` does",
    ),
    "sweep": (
        lambda file: change(
            file,
            "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid IN "
            "(SELECT run_uuid FROM tags WHERE key = 'xorlab.sweep_key')",
        ),
        "the sweep's own run .* was deleted while the sweep ran; restore it with .*runs restore",
    ),
    "runs": (
        lambda file: change(
            file,
            "UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid IN "
            "(SELECT run_uuid FROM tags WHERE key = 'xorlab.key')",
        ),
        "runs were deleted while it ran; .* tracking.existing=retry",
    ),
}


@pytest.mark.parametrize("removed", REMOVALS)
def test_a_sweep_notices_what_is_removed_while_it_runs(removed, command, store_file, tmp_path):
    remove, message = REMOVALS[removed]

    def once_recorded() -> None:
        while not is_recorded(store_file):
            time.sleep(0.005)
        remove(store_file)

    other = threading.Thread(target=once_recorded)
    other.start()
    ended = command(*SWEEP, INLINE)
    other.join()
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err
    assert re.search(message, ended.err), ended.err


def test_an_experiment_that_is_removed_before_the_sweep_opens_its_run_is_named(store_file):
    store = open_store(f"sqlite:///{store_file}", "xorlab", create=True)
    change(store_file, "DELETE FROM experiments WHERE name = 'xorlab'")
    run = SweepIdentity(("key",), {}, "a sweep")
    removed = pytest.raises(StoreError, match="'xorlab' was removed for good while the sweep ran")
    with removed, parent_run(store, run, provenance(store_file.parent), make_console(), reuse=True):
        pass


def is_recorded(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(RECORDED).fetchone() is not None


@pytest.mark.slow
@pytest.mark.parametrize("how", ["removed", "empty"])
def test_runs_that_have_lost_their_files_are_named_and_completed(how, command, store_file):
    assert command(*SWEEP, INLINE).code == 0
    before = xorlab.load_runs()
    files = sorted(Path("mlartifacts/xorlab").glob("*/artifacts/config.yaml"))
    written = {path: path.read_bytes() for path in files}
    weights = files[3].with_name("weights.npz").read_bytes()
    for path in files[:5]:
        shutil.rmtree(path.parent) if how == "removed" else path.write_bytes(b"")
    again = command(*SWEEP, INLINE)
    assert again.code == 0
    assert "lost their files: 5; tracking.existing=retry" in again.out
    retried = command(*SWEEP, INLINE, "tracking.existing=retry")
    assert (retried.code, retried.err) == (0, "")
    assert "7 skipped" in retried.out
    assert {path: path.read_bytes() for path in files} == written
    assert files[3].with_name("weights.npz").read_bytes() == weights
    assert xorlab.load_runs()["run_id"].tolist() == before["run_id"].tolist()
