"""PostgreSQL as the store of a team: directly, and behind a server of MLflow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy.exc import DBAPIError

import xorlab
from tests.helpers.postgres import PASSWORD, no_postgres
from tests.helpers.servers import serving_store
from tests.tracking.test_recording import records, rows_of, without_identity
from xorlab.config.tracking_keys import TrackingConfig
from xorlab.errors import ConfigError, StoreError
from xorlab.tracking.choose_recorder import make_recorder
from xorlab.tracking.store import postgres_locks
from xorlab.tracking.store.errors import explained_errors
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.postgres import exclusively_opened
from xorlab.tracking.write import bulk_recorder
from xorlab.tracking.write.bulk_recorder import BulkRecorder, refusal
from xorlab.tracking.write.client_recorder import ClientRecorder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(no_postgres() is not None, reason=str(no_postgres())),
]
SWEEP = ("-m", "seed=range(0,8)", "optimizer.lr=0.5,3", "training.epochs=400")
INLINE = "hydra.launcher.executor=inline"
OLDER = "bda7b8c39065"  # of MLflow 2.12
AT_REVISION = """
import sys
from alembic import command
from mlflow.store.db.utils import _get_alembic_config, create_sqlalchemy_engine
from mlflow.store.tracking.dbmodels.initial_models import Base
uri, revision = sys.argv[1:]
Base.metadata.create_all(create_sqlalchemy_engine(uri))
command.upgrade(_get_alembic_config(uri), revision)
"""
# What `mlflow db upgrade` does, held up in the middle until its input ends.
UPGRADED = """
import sys
from alembic import command
from mlflow.store.db.utils import _get_alembic_config, create_sqlalchemy_engine
uri = sys.argv[1]
config = _get_alembic_config(uri)
with create_sqlalchemy_engine(uri).begin() as connection:
    connection.exec_driver_sql("LOCK TABLE runs")
    print("begun", flush=True)
    sys.stdin.read()
    config.attributes["connection"] = connection
    connection.commit()
    command.upgrade(config, "heads")
"""
# A process that is suspended while MLflow makes the tables of a new database.
SUSPENDED = """
import sys
from alembic import command
from xorlab.errors import StoreError
from xorlab.tracking.store import postgres_locks
from xorlab.tracking.store.opening import open_store
uri, artifacts = sys.argv[1:]
def held_up(config, _revision):
    config.attributes["connection"].exec_driver_sql("LOCK TABLE runs")
    print("begun", flush=True)
    sys.stdin.read()
    config.attributes["connection"].exec_driver_sql("SELECT 1")
command.upgrade = held_up
postgres_locks._SUSPENDED = 1.0
try:
    open_store(uri, "xorlab", artifacts=artifacts)
except StoreError as error:
    print(error)
"""
# For a user of a database who may read and write its tables, and nothing else.
GRANTED = (
    "CREATE ROLE writer LOGIN PASSWORD 's3cret'",
    'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC',
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO writer",
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO writer",
)


@pytest.fixture
def shared(tmp_path) -> str:
    """The option that names where artifacts go."""
    return f"tracking.artifacts={tmp_path / 'shared'}"


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_bulk_writes_what_the_client_writes_row_by_row(driver, uri, tmp_path):
    uri = uri.replace("postgresql://", f"postgresql+{driver}://")
    store = open_store(uri, "xorlab", artifacts=str(tmp_path / "shared"))
    assert refusal(store) is None
    assert isinstance(make_recorder(store, TrackingConfig(), print), BulkRecorder)
    for record in records():
        (client,) = ClientRecorder(store).record([record], skip_existing=False)
        (bulk,) = BulkRecorder(store).record([record], skip_existing=False)
        assert rows_of(store, bulk) == rows_of(store, client)
        assert without_identity(store, bulk) == without_identity(store, client)


def test_where_a_user_may_not_make_temporary_tables_runs_are_recorded_one_by_one(
    postgres, uri, shared, command
):
    for statement in GRANTED:
        database = uri.rpartition("/")[2]
        postgres.ask(database, statement.format(database=database))
    uri = f"postgresql://writer:s3cret@{uri.partition('@')[2]}"
    result = command(*SWEEP, f"tracking.uri={uri}", shared, INLINE)
    assert (result.code, result.err) == (0, "")
    reason = "this user may not make temporary tables in the database"
    assert f"recording run by run: {reason}" in result.out
    assert len(xorlab.load_runs(uri)) == 16


def test_a_sweep_is_recorded_resumed_read_and_summed_up(uri, shared, command, tmp_path):
    result = command(*SWEEP, f"tracking.uri={uri}", shared, INLINE)
    assert (result.code, result.err) == (0, "")
    assert PASSWORD.replace(" ", "%20") not in result.out
    assert "postgresql://***@127.0.0.1" in result.out
    wide = command(*SWEEP, "network.hidden=2,3", f"tracking.uri={uri}", shared, INLINE)
    assert "16 skipped" in wide.out
    runs = xorlab.load_runs(uri)
    assert len(runs) == 32
    assert runs["key"].is_unique
    assert (tmp_path / "shared").is_dir()
    alone = xorlab.train(xorlab.configure("seed=4", "optimizer.lr=3", "training.epochs=400"))
    run = runs[(runs["seed"] == 4) & (runs["optimizer.lr"] == 3) & (runs["network.hidden"] == 2)]
    assert xorlab.load_curves(run)["loss"].tolist() == alone.loss.tolist()
    by = ["network.hidden", "optimizer.lr"]
    assert xorlab.convergence(runs, by=by)["n"].tolist() == [8] * 4
    assert len(xorlab.load_weights(runs)) == 32
    pd.testing.assert_frame_equal(
        xorlab.load_runs(uri, filter="attributes.status LIKE '%'").sort_values(
            "run_id", ignore_index=True
        ),
        runs.sort_values("run_id", ignore_index=True),
    )
    report = subprocess.run(
        [sys.executable, "-m", "xorlab.commands.report", "latest", "--uri", uri, "--out", "report"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.returncode == 0, report.stderr
    assert PASSWORD not in Path("report/report.html").read_text()


def test_sweeps_that_start_at_once_on_a_new_database_lose_nothing(postgres, shared, process):
    uri = postgres.create("new")
    lines = [f"tracking.uri={uri}", shared]
    children = [process(*SWEEP, *lines), process(*SWEEP, *lines)]
    while any(child.poll() is None for child in children):
        try:
            assert xorlab.load_runs(uri)["key"].is_unique
        except StoreError as error:  # not there yet
            assert "lacks the experiment" in str(error)  # noqa: PT017
    said = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    runs = xorlab.load_runs(uri)
    assert len(runs) == 16
    assert runs["key"].is_unique
    assert (runs["status"] == "FINISHED").all()


def test_a_server_of_mlflow_in_front_of_it_takes_sweeps_too(uri, command, tmp_path):
    with serving_store(tmp_path, uri) as address:
        result = command(*SWEEP, f"tracking.uri={address}", INLINE)
        assert (result.code, result.err) == (0, "")
        result = command(*SWEEP, f"tracking.uri={address}", INLINE)
        assert "16 skipped" in result.out
        runs = xorlab.load_runs(address)
        assert len(runs) == 16
        assert len(xorlab.load_curves(runs)["run_id"].unique()) == 16
    assert len(xorlab.load_runs(uri)) == 16


def test_a_new_experiment_needs_a_place_for_its_files(uri, command):
    result = command(*SWEEP, f"tracking.uri={uri}", INLINE)
    assert result.code == 2
    assert "tracking.artifacts=null: must be named for a new experiment" in result.err
    with pytest.raises(ConfigError, match="at most"):
        open_store(uri, "new", artifacts="/" + "x" * 190)


def test_a_store_of_another_mlflow_is_refused_and_left_as_it_is(postgres, uri):
    database = uri.rpartition("/")[2]
    for revision, seen in (
        ("ffffffffffff", "made by a newer MLflow .* Install that MLflow here, or choose another"),
        (
            OLDER,
            "made by an older MLflow .* Otherwise back it up, then run `mlflow db upgrade ADDRESS`",
        ),
    ):
        postgres.ask(database, f"UPDATE alembic_version SET version_num = '{revision}'")
        with pytest.raises(StoreError, match=seen) as refused:
            open_store(uri, "xorlab", artifacts="/srv")
        assert "s3cret" not in str(refused.value)
        found = postgres.ask(database, "SELECT version_num FROM alembic_version")
        assert found == [(revision,)]


def test_a_store_that_is_being_migrated_is_refused_until_that_has_ended(postgres, tmp_path):
    uri = postgres.create("older")
    subprocess.run([sys.executable, "-c", AT_REVISION, uri, OLDER], check=True)
    with subprocess.Popen(
        [sys.executable, "-c", UPGRADED, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"begun\n"
        with pytest.raises(StoreError, match="wait until that has ended, then start the same"):
            open_store(uri, "xorlab", artifacts=str(tmp_path / "shared"))
        other.stdin.close()
        assert other.wait() == 0
    assert refusal(open_store(uri, "xorlab", artifacts=str(tmp_path / "shared"))) is None


def test_who_is_not_let_in_is_told_without_the_password(uri, command):
    for wrong, cause in (
        (uri.replace("s3cret", "wr0ng"), "does not let this user in"),
        (f"{uri}x", "does not let this user in"),
        ("postgresql://xorlab:wr0ng@127.0.0.1:1/db", "does not answer"),
    ):
        result = command(*SWEEP, f"tracking.uri={wrong}", "tracking.artifacts=/srv", INLINE)
        assert (result.code, result.out) == (1, "")
        assert cause in result.err
        assert "start the same command again" in result.err
        assert "s3cret" not in result.err
        assert "wr0ng" not in result.err


def test_a_driver_that_is_missing_is_named_with_the_extra(command):
    result = command(*SWEEP, "tracking.uri=postgresql+asyncpg://me@127.0.0.1:1/db", INLINE)
    assert result.code == 1
    assert (
        "a driver that is not installed (asyncpg): pip install 'xorlab[postgresql]'" in result.err
    )


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_who_waits_for_a_lock_sees_ctrl_c_and_an_error_at_last(driver, uri, tmp_path, monkeypatch):
    uri = uri.replace("postgresql://", f"postgresql+{driver}://")
    first, second = (open_store(uri, "xorlab", artifacts=str(tmp_path)) for _ in range(2))
    with first.database.writing() as held:
        threading.Timer(0.4, os.kill, [os.getpid(), signal.SIGINT]).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt), second.database.writing():
            pass
        assert time.monotonic() - began < 3
        monkeypatch.setattr(postgres_locks, "_PATIENCE", 0.5)
        with (
            pytest.raises(
                StoreError,
                match=r"has held a lock.*session \d+ of 127\.0\.0\.1 "
                rf"\(xorlab .* process {os.getpid()}, idle in transaction",
            ),
            second.database.writing(),
        ):
            pass
        assert list(held.rows("SELECT count(*) FROM runs")) == [(0,)]
    with second.database.writing() as transaction:
        assert list(transaction.rows("SELECT count(*) FROM runs")) == [(0,)]


def test_a_suspended_process_does_not_hold_up_others_for_long(uri, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_locks, "_SUSPENDED", 1.0)
    first, second = (open_store(uri, "xorlab", artifacts=str(tmp_path)) for _ in range(2))
    (record, *_) = records()

    def record_while_suspended() -> None:
        with explained_errors(first), first.database.writing() as suspended:
            assert BulkRecorder(second).record([record], skip_existing=False) != [None]
            suspended.rows("SELECT count(*) FROM runs")

    with pytest.raises(StoreError, match="suspended") as late:
        record_while_suspended()
    assert "start the same command again" in str(late.value)


def test_what_was_recorded_by_a_process_that_was_suspended_is_recorded_anew(
    uri, tmp_path, monkeypatch
):
    monkeypatch.setattr(postgres_locks, "_SUSPENDED", 1.0)
    first, second = (open_store(uri, "xorlab", artifacts=str(tmp_path)) for _ in range(2))
    ours, theirs, *_ = records()
    printed: list[str] = []

    def suspended_once(store) -> None:  # after the rows are inserted, before the commit
        if not printed:
            printed.append("suspended")
            BulkRecorder(second).record([theirs], skip_existing=True)  # waits for us

    monkeypatch.setattr(bulk_recorder, "check_there", suspended_once)
    found = BulkRecorder(first, printed.append).record([ours, theirs], skip_existing=True)
    assert found[0] is not None
    assert found[1] is None
    assert printed[1:] == [bulk_recorder._SUSPENDED]
    assert len(xorlab.load_runs(uri)) == 2


def test_a_process_that_is_suspended_while_it_ends_a_run_does_not_hold_up_others(
    uri, tmp_path, monkeypatch
):
    monkeypatch.setattr(postgres_locks, "_SUSPENDED", 1.0)
    first, second = (open_store(uri, "xorlab", artifacts=str(tmp_path)) for _ in range(2))
    (record, *_) = records()
    engine = first.client._tracking_client.store.engine
    with engine.connect() as connection:
        connection.exec_driver_sql("UPDATE runs SET status = 'KILLED'")
        assert BulkRecorder(second).record([record], skip_existing=False) != [None]
        with pytest.raises(DBAPIError, match="idle-in-transaction"):
            connection.exec_driver_sql("SELECT 1")


def test_a_process_that_is_suspended_while_it_opens_a_database_does_not_hold_up_others(
    uri, tmp_path, monkeypatch
):
    monkeypatch.setattr(postgres_locks, "_SUSPENDED", 1.0)
    with exclusively_opened(uri):
        open_store(uri, "xorlab", artifacts=str(tmp_path))


def test_a_process_that_is_suspended_while_mlflow_makes_tables_holds_no_lock_for_long(
    postgres, tmp_path
):
    uri, folder = postgres.create("suspended"), str(tmp_path / "shared")
    with subprocess.Popen(
        [sys.executable, "-c", SUSPENDED, uri, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "begun\n"
        with pytest.raises(StoreError, match="then run `mlflow db upgrade ADDRESS` once"):
            open_store(uri, "xorlab", artifacts=folder)
        subprocess.run([sys.executable, "-m", "mlflow", "db", "upgrade", uri], check=True)
        said, _ = other.communicate("")
    assert "suspended" in said
    assert refusal(open_store(uri, "xorlab", artifacts=folder)) is None
