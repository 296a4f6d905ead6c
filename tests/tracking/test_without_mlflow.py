"""A known SQLite store does without MLflow, and is what MLflow would have made of it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from xorlab.errors import StoreError
from xorlab.tracking.store.client import without_mlflow
from xorlab.tracking.store.conditions import attribute, tag
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.sqlite import make_database
from xorlab.tracking.store.store import Store

COMMAND = """
import sys
from xorlab.commands.built_in import main
sys.argv = ["xorlab", *sys.argv[1:]]
code = main()
print("LOADED", *{name.partition(".")[0] for name in sys.modules})
raise SystemExit(code)
"""
OF_MLFLOW = {"mlflow", "sqlalchemy", "alembic"}
OF_ANALYSIS = {"scipy", "pandas", "pyarrow"}
SHORT = ("training.epochs=3000", "training.record_every=150")
NEW = "tracking.experiment=new"  # in a store that has others
FILES = {"predictions.json", "weights.npz", "config.yaml"}


def content(file: Path) -> dict[str, object]:
    """The tables of a database and their rows; where Default keeps artifacts is the folder's."""
    with closing(sqlite3.connect(file)) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")
        # The order of a table's constraints differs from one migration to the next.
        lines = [(kind, name, sorted((sql or "").split("\n"))) for kind, name, sql in made]
        tables: dict[str, object] = {"schema": str(lines).replace(",", "")}
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in names.fetchall():
            rows = [list(row) for row in connection.execute(f'SELECT * FROM "{name}"')]
            if name == "experiments":
                rows = [[*row[:4], *row[6:]] for row in rows]  # not when it was made
            tables[name] = sorted(rows, key=repr)
    return tables


def test_a_copied_store_is_the_one_that_mlflow_makes(tmp_path, monkeypatch):
    folder = tmp_path / "a b#c"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", "/dev/null")  # no folder can be made there
        make_database(folder / "made.db")
    make_database(folder / "first.db")  # at the latest now there is a copy
    make_database(folder / "copied.db")
    made = content(folder / "made.db")
    assert content(folder / "first.db") == content(folder / "copied.db") == made
    assert made["experiments"][0][2] == f"{folder}/mlruns/0"
    assert not list(folder.glob("*.unfinished"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b"x" * 5000),
        lambda file: file.write_bytes(file.read_bytes()[:40_000]),
        lambda file: file.write_bytes(b""),
        lambda file: _change(file, "UPDATE alembic_version SET version_num = 'bda7b8c39065'"),
        lambda file: _change(file, "INSERT INTO runs (run_uuid) VALUES ('a')"),
        lambda file: _change(file, "DELETE FROM experiments"),
    ],
    ids=["no database", "cut off", "empty", "older", "a run", "no experiment"],
)
def test_a_damaged_copy_is_not_used(tmp_path, monkeypatch, empty_store, damage):
    kept = tmp_path / "kept.db"
    shutil.copy(empty_store, kept)
    _change(kept, "DELETE FROM experiment_tags", "DELETE FROM experiments WHERE experiment_id > 0")
    made: list[str] = []
    monkeypatch.setattr("xorlab.tracking.store.sqlite._kept_store", lambda: kept)
    monkeypatch.setattr("xorlab.tracking.store.sqlite._migrated", lambda new: made.append(new.name))
    make_database(tmp_path / "sound.db")
    assert not made
    damage(kept)
    with pytest.raises(FileNotFoundError):  # nothing was made in its place
        make_database(tmp_path / "mlflow.db")
    assert len(made) == 1
    assert not (tmp_path / "mlflow.db").exists()


def _change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def everything(store: Store) -> list[object]:
    """All rows of runs, without ids and times of day."""
    found: list[object] = []
    with store.database.reading() as transaction:
        runs = [row[0] for row in transaction.rows("SELECT run_uuid FROM runs ORDER BY name")]
        names = {run: f"run {number}" for number, run in enumerate(runs)}
        for table in ("runs", "tags", "params", "metrics", "latest_metrics"):
            rows = []
            for row in transaction.rows(f"SELECT * FROM {table}"):
                cells = [str(cell) for cell in row]
                for run, name in names.items():
                    cells = [cell.replace(run, name) for cell in cells]
                rows.append(["TIME" if cell[:2] in ("17", "18") else cell for cell in cells])
            found.append(sorted(rows))
    return found


def test_every_call_leaves_the_rows_that_mlflow_leaves(tmp_path, empty_store):
    left = []
    for way in ("own", "mlflow"):
        folder = tmp_path / way
        folder.mkdir()
        shutil.copy(empty_store, folder / "mlflow.db")
        own = open_store(f"sqlite:///{folder / 'mlflow.db'}", "runs", artifacts="/artifacts")
        assert without_mlflow(own.client) is not None
        client = own.client if way == "own" else own.through_mlflow.client
        experiment = client.create_experiment("e", "file:///artifacts/e", {"kind": "of it"})
        assert client.get_experiment_by_name("e").experiment_id == experiment
        assert client.get_experiment_by_name("nothing") is None
        for number, user in enumerate(("ann", None)):
            tags = {"xorlab.key": f"k{number}"} | ({"mlflow.user": user} if user else {})
            run = client.create_run(experiment, 5, tags, f"name {number}").info.run_id
            client.set_tag(run, "xorlab.note", "first")
            client.set_tag(run, "xorlab.note", "x" * (7000 if number else 20))
            client.log_param(run, "a.b", "0.5")
            client.log_param(run, "a.b", "0.5")
            client.log_param(run, "long", "y" * 7000)
            for value in (3.0, 1.0, 2.0):
                client.log_metric(run, "runs", value)
            client.log_metric(run, "none", float("nan"))
            client.set_terminated(run, "FAILED", 9)
            if number:
                client.update_run(run, "RUNNING")
                client.set_tag(run, "mlflow.runName", "renamed")
        left.append(everything(own))
    assert left[0] == left[1]


def test_searches_find_what_mlflow_finds(store_file):
    store = open_store(None, "found")
    keys = ["abc", "abd", "Abc", "it's", "a%c", ""]
    for number, key in enumerate(keys):
        tags = {"xorlab.key": key} | ({"xorlab.sweep": "s"} if number % 2 else {})
        run = store.client.create_run(store.experiment_id, 10 - number // 2, tags, f"n{key}")
        if number % 3:
            store.client.set_terminated(run.info.run_id)
    own, mlflow = without_mlflow(store.client), store.through_mlflow
    searches = [
        [tag("xorlab.key")],
        [tag("xorlab.sweep", "is not", "t")],
        [tag("xorlab.sweep", "is not", "s")],
        [tag("xorlab.sweep"), attribute("status", "is", "FINISHED")],
        *([tag("xorlab.key", relation, key)] for key in keys for relation in ("is", "is not")),
        *([tag("xorlab.key", "begins with", key)] for key in ("ab", "it's", "A", "abc")),
        [attribute("run_name", "is", "nabc"), tag("xorlab.key")],
        [attribute("run_name", "begins with", "na")],
    ]
    for conditions in searches:
        for newest_first in (False, True):
            order = f"attributes.start_time {'DESC' if newest_first else 'ASC'}"
            theirs = mlflow.client.search_runs(
                [store.experiment_id],
                " AND ".join(condition.mlflow for condition in conditions),
                order_by=[order],
            )
            ours = own.search(conditions, store.experiment_id, newest_first)
            assert [r.info.run_id for r in ours] == [r.info.run_id for r in theirs], conditions
            for one, other in zip(ours, theirs, strict=True):
                assert one.data.tags == other.data.tags
                for name, value in vars(one.info).items():
                    assert getattr(other.info, name) == value, name


@pytest.mark.parametrize("path", ["whole", "whole/inner", "whole/inner/part.txt"])
def test_folders_and_files_are_downloaded_as_mlflow_does_without_a_word(
    path, store_file, tmp_path, capfd
):
    store = open_store(None, "xorlab")
    run = store.client.create_run(store.experiment_id, 1, {}, "one").info.run_id
    (tmp_path / "part.txt").write_text("content")
    store.client.log_artifact(run, str(tmp_path / "part.txt"), "whole/inner")
    found = []
    for number, client in enumerate((store.client, store.client.mlflow)):
        into = tmp_path / str(number)
        into.mkdir()
        there = Path(client.download_artifacts(run, path, str(into)))
        files = sorted(one.relative_to(into) for one in into.rglob("*"))
        found.append((there.relative_to(into), files))
    assert found[0] == found[1]
    assert capfd.readouterr() == ("", "")


def test_what_is_not_there_has_mlflows_own_error(store_file):
    store = open_store(None, "xorlab")
    from mlflow.exceptions import MlflowException

    for call in (
        lambda client: client.get_run("0" * 32),
        lambda client: client.set_tag("0" * 32, "a", "b"),
        lambda client: client.log_param("0" * 32, "a", "b"),
        lambda client: client.log_metric("0" * 32, "a", 1.0),
        lambda client: client.set_terminated("0" * 32),
    ):
        with pytest.raises(MlflowException, match="not found"):
            call(store.client)
    deleted = store.client.create_run(store.experiment_id, 1, {}, "deleted").info.run_id
    store.client.delete_run(deleted)
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        store.client.set_tag(deleted, "a", "b")


def test_a_store_that_was_removed_is_not_made_again(store_file):
    store = open_store(None, "xorlab")
    store_file.unlink()
    with pytest.raises(StoreError, match="unable to open"):
        store.client.get_run("0" * 32)
    assert not store_file.exists()
    with pytest.raises(StoreError, match="does not exist; has a run"):
        open_store(None, "xorlab", create=False)


def heavy_modules(*arguments: str) -> set[str]:
    """Which packages that take long to import a command has imported at its end."""
    command = [sys.executable, "-c", COMMAND, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(ended.stdout.rpartition("LOADED")[2].split()) & (OF_MLFLOW | OF_ANALYSIS)


@pytest.mark.parametrize("rate", ["3", "0.001"], ids=["solved", "explained"])
def test_a_single_run_imports_neither_mlflow_nor_pandas(store_file, rate):
    assert heavy_modules(f"optimizer.lr={rate}", *SHORT) == set()


@pytest.mark.slow
def test_runs_and_sweeps_on_a_known_store_do_not_import_mlflow(store_file):
    for rate in ("3", "0.001"):
        heavy_modules(f"optimizer.lr={rate}", *SHORT)
    swept = heavy_modules("-m", "seed=1,2", "training.epochs=20", "hydra.launcher.workers=1", NEW)
    assert not swept & OF_MLFLOW
    client = open_store(None, "xorlab", create=False).through_mlflow.client
    experiments = [client.get_experiment_by_name(name) for name in ("xorlab", "new")]
    for experiment in experiments:
        assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    runs = client.search_runs([experiment.experiment_id for experiment in experiments])
    trained = [run for run in runs if "xorlab.key" in run.data.tags]
    (parent,) = (run for run in runs if "xorlab.sweep_key" in run.data.tags)
    assert len(trained) == 4
    for run in trained:
        assert run.info.status == "FINISHED"
        assert run.data.params["training.epochs"] in ("20", "3000")
        assert len(client.get_metric_history(run.info.run_id, "loss")) == 21
        assert {file.path for file in client.list_artifacts(run.info.run_id)} >= FILES
    assert parent.data.metrics["runs"] == 2
    assert parent.data.params == {"seed": "1, 2"}
    names = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert names >= {"report.html", "runs.parquet"}
