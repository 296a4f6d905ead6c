"""Stores that were edited by hand, or are damaged: the message has one line, or nothing changes."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest

import xorlab
from tests.helpers.commands import record
from xorlab.commands import report
from xorlab.errors import StoreError

SWEEP = ("-m", "seed=0,1", "training.epochs=5", "hydra.launcher.executor=inline")
PARENTS = "run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'xorlab.sweep_key')"
LEFT_RUNNING = f"UPDATE runs SET status = 'RUNNING' WHERE {PARENTS}"


@pytest.fixture(scope="module")
def swept(tmp_path_factory, empty_store):
    return record(tmp_path_factory.mktemp("swept"), empty_store, *SWEEP)


@pytest.fixture
def edited(swept, tmp_path):
    """Executes SQL in a copy of the store, which stands in the test's folder."""

    def edit(*statements: str) -> Path:
        file = swept.copy_to(tmp_path)
        with closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        return file

    return edit


def set_tag(name: str, value: str) -> str:
    return f"UPDATE tags SET value = {value} WHERE key = '{name}' AND {PARENTS}"


@pytest.mark.parametrize("owner", ["'abc'", "x'ff00'", "''"])
def test_a_sweep_whose_process_cannot_be_read_is_closed_when_its_heartbeat_is_old(
    owner, edited, command
):
    file = edited(set_tag("xorlab.owner", owner), set_tag("xorlab.heartbeat", "'0'"), LEFT_RUNNING)
    assert "1 run that a killed process left behind is marked KILLED" in command(*SWEEP).out
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM runs WHERE status = 'RUNNING'").fetchall() == []


@pytest.mark.parametrize(
    "statements",
    [
        [set_tag("xorlab.heartbeat", "'abc'")],
        [set_tag("xorlab.heartbeat", f"'{'9' * 5000}'")],
        [set_tag("xorlab.heartbeat", "x'ff00'"), "UPDATE runs SET start_time = NULL"],
        [set_tag("xorlab.owner", "'abc'")],
        [set_tag("xorlab.owner", "substr(value, 1, instr(value, ':')) || '99999999999999999:5'")],
        [f"DELETE FROM tags WHERE key = 'xorlab.owner' AND {PARENTS}"],
        ["UPDATE latest_metrics SET value = 'abc' WHERE key IN ('skipped', 'seconds')"],
    ],
)
def test_an_edited_tag_or_metric_of_a_sweep_blocks_no_later_one(statements, edited, command):
    edited(*statements, LEFT_RUNNING)
    again = command(*SWEEP)
    assert (again.code, again.err) == (0, "")
    assert "2 skipped" in again.out
    assert len(xorlab.load_runs(sweep="latest")) == 2


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE latest_metrics SET value = 'abc' WHERE key = 'final_loss'", "final_loss is abc"),
        ("UPDATE metrics SET step = 'abc' WHERE key = 'loss'", "a point of loss is abc"),
        ("UPDATE runs SET start_time = 'abc'", "start_time is abc"),
        ("UPDATE tags SET value = 'abc' WHERE key = 'xorlab.outcome'", "xorlab.outcome is abc"),
        ("UPDATE params SET value = x'ff00' WHERE key = 'task'", "which is not text"),
        ("UPDATE params SET value = CAST(x'ff' AS TEXT) WHERE key = 'task'", "is damaged"),
    ],
)
def test_a_run_that_was_edited_is_named_with_what_is_wrong(statement, message, edited, command):
    edited(statement)
    again = command(*SWEEP)
    assert again.code == 1
    assert message in again.err
    assert again.err.count("\n") == 1
    with pytest.raises(StoreError, match=message):
        xorlab.load_curves(xorlab.load_runs())


def test_a_run_that_was_edited_can_be_deleted_and_trained_again(edited, command):
    edited("UPDATE latest_metrics SET value = 'abc' WHERE key = 'final_loss'")
    from xorlab.tracking.store.opening import open_store

    while (again := command(*SWEEP)).code:
        named = again.err.split()[again.err.split().index("--run-id") + 1]
        open_store(None, None).client.delete_run(named)
    assert again.out.count("2 runs in")
    assert xorlab.load_runs()["final_loss"].notna().all()


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bytes_are_an_error_of_one_line_or_do_not_matter(seed, edited, command):
    file, rng = edited(), Random(seed)
    content = bytearray(file.read_bytes())
    for _ in range(rng.choice([1, 20, 300])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    file.write_bytes(content)
    again = command(*SWEEP)
    assert again.code in (0, 1)
    assert again.err.count("\n") == again.code
    assert "HYDRA_FULL_ERROR" not in again.err
    assert report.main(["latest", "--out", "report"]) in (0, 1, 2)
    with suppress(StoreError):
        xorlab.load_curves(xorlab.load_runs())


def test_a_byte_that_flips_in_the_id_of_a_run_is_an_error_or_does_not_matter(edited):
    """In the row of any table, so that an index leads to a row of another run."""
    file = edited()
    content = file.read_bytes()
    identifier = xorlab.load_runs()["run_id"][0].encode()
    at, errors = content.find(identifier), []
    while at >= 0:
        file.write_bytes(content[: at + 9] + b"," + content[at + 10 :])
        try:
            xorlab.load_curves(xorlab.load_runs())
        except StoreError as error:
            errors.append((str(error), repr(error.__cause__)))
        at = content.find(identifier, at + 1)
    assert any("it has" in cause for _, cause in errors)
    assert all("is damaged (database disk image is malformed)" in text for text, _ in errors)


def test_advice_after_damage_restores_the_copy(edited, command, tmp_path):
    file = edited()
    copy = file.read_bytes()
    with closing(sqlite3.connect(file)) as other:  # leaves a log beside the file, as a kill does
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("UPDATE params SET value = 'and'")
        other.commit()
        log = file.with_name("mlflow.db-wal").read_bytes()
    file.write_bytes(b"no database" * 1000)
    damaged = command(*SWEEP)
    assert damaged.code == 1
    assert "remove first the file itself and those beside it" in damaged.err
    assert "-wal or -shm" in damaged.err
    file.with_name("mlflow.db-wal").write_bytes(log)
    for path in tmp_path.glob("mlflow.db*"):
        if path.name in ("mlflow.db", "mlflow.db-wal", "mlflow.db-shm"):
            path.unlink()
    file.write_bytes(copy)
    again = command(*SWEEP)
    assert (again.code, again.err) == (0, "")
    assert "2 skipped" in again.out


@pytest.mark.parametrize("make", ["link", "folder"])
def test_a_lock_that_is_not_a_file_is_refused_and_nothing_follows_it(make, edited, command):
    lock, target = edited().with_name("mlflow.db.lock"), Path("target")
    lock.unlink(missing_ok=True)
    target.write_text("keep")
    lock.symlink_to(target) if make == "link" else lock.mkdir()
    refused = command(*SWEEP)
    assert refused.code == 1
    assert f"'{lock}'" in refused.err
    assert refused.err.count("\n") == 1
    assert target.read_text() == "keep"
