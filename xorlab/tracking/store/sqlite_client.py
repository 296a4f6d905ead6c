"""MLflow's client for an SQLite store of a known schema revision, without importing MLflow.

Importing MLflow takes longer than a run. So the few calls that xorlab makes are answered here, by
the rows that MLflow would read or write; tests compare both. Everything else, and whatever is
unusual, is left to MLflow's own client, which is made when it is first needed.
"""

from __future__ import annotations

import math
import shutil
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.system.clock import now
from xorlab.tracking.store.access import check_writable
from xorlab.tracking.store.artifacts import local_folder
from xorlab.tracking.store.conditions import Condition
from xorlab.tracking.store.database import SqliteDatabase, SqliteTransaction
from xorlab.tracking.store.entities import Experiment, FileInfo, Run, RunData, RunInfo
from xorlab.tracking.store.new_rows import Value
from xorlab.tracking.store.rows import RUN_COLUMNS, TEXT_COLUMNS, run_row

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_NAME_TAG, _USER_TAG = "mlflow.runName", "mlflow.user"
_LONGEST = 6000  # characters of a text that MLflow takes as it is
_LONGEST_LOCATION = 200
_EXPERIMENTS = "SELECT experiment_id, name, artifact_location, lifecycle_stage FROM experiments"
_RUNS = (
    "SELECT run_uuid, name, experiment_id, status, lifecycle_stage, artifact_uri, start_time, "
    "end_time FROM runs AS run"
)


class SqliteClient:
    """The calls of MLflow's client, with its names and arguments.

    Args:
        file: the database.
        mlflow: makes MLflow's own client for it.
    """

    def __init__(self, file: Path, mlflow: Callable[[], MlflowClient]) -> None:
        self._file = file
        self.database = SqliteDatabase(file)
        self._make = mlflow
        self._made: MlflowClient | None = None

    @property
    def mlflow(self) -> MlflowClient:
        """MLflow's own client.

        Raises:
            StoreError: the database can be read alone, which MLflow cannot do.
        """
        if self._made is None:
            check_writable(self._file)
            self._made = self._make()
        return self._made

    def __getattr__(self, name: str) -> Any:
        return getattr(self.mlflow, name)

    def get_experiment(self, experiment_id: str) -> Any:
        """The experiment with an id."""
        found = self._experiments("WHERE experiment_id = :value", int(experiment_id))
        return found[0] if found else self.mlflow.get_experiment(experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """The experiment with a name, deleted or not; None if there is none."""
        found = self._experiments("WHERE name = :value", name)
        return found[0] if found else None

    def search_experiments(self) -> list[Experiment]:
        """All experiments that are not deleted."""
        return self._experiments("WHERE lifecycle_stage = 'active'")

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: dict[str, str] | None = None
    ) -> str:
        """Create an experiment; returns its id."""
        if artifact_location is None or not artifact_location.startswith("file:///"):
            return str(self.mlflow.create_experiment(name, artifact_location, tags))
        if max(map(len, (name, artifact_location))) > _LONGEST_LOCATION:
            return str(self.mlflow.create_experiment(name, artifact_location, tags))
        created = now()
        columns = ("name", "artifact_location", "lifecycle_stage", "creation_time")
        row = (name, artifact_location, "active", created, created)
        with self.database.writing() as transaction:
            transaction.insert("experiments", (*columns, "last_update_time"), [row])
            found = transaction.rows(f"{_EXPERIMENTS} WHERE name = :name", {"name": name})
            experiment_id = next(iter(found))[0]
            rows = [(key, value, experiment_id) for key, value in (tags or {}).items()]
            transaction.insert("experiment_tags", ("key", "value", "experiment_id"), rows)
        return str(experiment_id)

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of an experiment."""
        with self.database.writing() as transaction:
            transaction.execute(
                'INSERT OR REPLACE INTO experiment_tags ("key", value, experiment_id) '
                "VALUES (:key, :value, :experiment)",
                {"key": key, "value": value, "experiment": int(experiment_id)},
            )

    def _experiments(self, where: str, value: Value = None) -> list[Experiment]:
        with self.database.reading() as transaction:
            rows = transaction.rows(f"{_EXPERIMENTS} {where}", {"value": value})
            return [Experiment(str(identifier), *rest) for identifier, *rest in rows]

    def create_run(
        self, experiment_id: str, start_time: int, tags: dict[str, str], run_name: str
    ) -> Run:
        """Create a run that is RUNNING, with its tags."""
        run_id = uuid.uuid4().hex
        experiment = self.get_experiment(experiment_id)
        artifacts = f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts"
        user = tags.get(_USER_TAG, "unknown")
        row = run_row(
            run_id, experiment_id, artifacts, run_name, user, "RUNNING", start_time, ended=None
        )
        with self.database.writing() as transaction:
            transaction.insert("runs", RUN_COLUMNS, [row])
            rows = [(key, value, run_id) for key, value in (tags | {_NAME_TAG: run_name}).items()]
            transaction.insert("tags", TEXT_COLUMNS, rows)
            return _runs(transaction, "WHERE run_uuid = :run_id", {"run_id": run_id})[0]

    def get_run(self, run_id: str) -> Any:
        """The run with an id."""
        with self.database.reading() as transaction:
            found = _runs(transaction, "WHERE run_uuid = :run_id", {"run_id": run_id})
        return found[0] if found else self.mlflow.get_run(run_id)

    def search(
        self,
        conditions: Sequence[Condition],
        experiment_id: str | None,
        newest_first: bool = False,
    ) -> list[Run]:
        """Runs that meet all conditions, by start time.

        Args:
            conditions: that a run must meet.
            experiment_id: of the runs; None for all experiments that are not deleted.
            newest_first: or oldest first.
        """
        values: dict[str, Value] = {}
        tests = ["run.lifecycle_stage = 'active'"]
        for number, condition in enumerate(conditions):
            test, named = condition.sql(number)
            tests.append(test)
            values |= named
        if experiment_id is None:
            active = "SELECT experiment_id FROM experiments WHERE lifecycle_stage = 'active'"
            tests.append(f"run.experiment_id IN ({active})")
        else:
            tests.append("run.experiment_id = :experiment")
            values["experiment"] = int(experiment_id)
        order = f"ORDER BY start_time {'DESC' if newest_first else 'ASC'}, run_uuid"
        with self.database.reading() as transaction:
            return _runs(transaction, f"WHERE {' AND '.join(tests)} {order}", values)

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        """Set a tag of a run."""
        if key == _NAME_TAG or len(value) > _LONGEST:
            self.mlflow.set_tag(run_id, key, value)
            return
        with self.database.writing() as transaction:
            active = _is_active(transaction, run_id)
            if active:
                transaction.execute(
                    'INSERT OR REPLACE INTO tags ("key", value, run_uuid) '
                    "VALUES (:key, :value, :run)",
                    {"key": key, "value": value, "run": run_id},
                )
        if not active:
            self.mlflow.set_tag(run_id, key, value)  # raises MLflow's own error

    def log_param(self, run_id: str, key: str, value: str) -> None:
        """Record a param of a run, which does not have it yet."""
        values: dict[str, Value] = {"key": key, "value": value, "run": run_id}
        written = 0
        if len(value) <= _LONGEST:
            with self.database.writing() as transaction:
                if _is_active(transaction, run_id):
                    written = transaction.execute(
                        'INSERT OR IGNORE INTO params ("key", value, run_uuid) '
                        "VALUES (:key, :value, :run)",
                        values,
                    )
        if not written:
            self.mlflow.log_param(run_id, key, value)

    def log_metric(self, run_id: str, key: str, value: float) -> None:
        """Record a metric of a run at step 0."""
        columns = '("key", value, timestamp, step, is_nan, run_uuid)'
        row = "VALUES (:key, :value, :time, 0, 0, :run)"
        values: dict[str, Value] = {
            "key": key,
            "value": float(value),
            "time": now(),
            "run": run_id,
        }
        active = False
        if math.isfinite(value):
            with self.database.writing() as transaction:
                active = _is_active(transaction, run_id)
                if active:
                    transaction.execute(f"INSERT OR IGNORE INTO metrics {columns} {row}", values)
                    transaction.execute(
                        f'INSERT INTO latest_metrics {columns} {row} ON CONFLICT ("key", run_uuid) '
                        "DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, "
                        "step = excluded.step, is_nan = excluded.is_nan WHERE (excluded.step, "
                        "excluded.timestamp, excluded.value) > (step, timestamp, value)",
                        values,
                    )
        if not active:
            self.mlflow.log_metric(run_id, key, value)

    def update_run(self, run_id: str, status: str) -> None:
        """Set a run's status."""
        if not self._update(run_id, "status = :status", {"status": status}):
            self.mlflow.update_run(run_id, status=status)

    def set_terminated(
        self, run_id: str, status: str = "FINISHED", end_time: int | None = None
    ) -> None:
        """Set a run's last status and the time of its end."""
        values: dict[str, Value] = {"status": status, "ended": end_time or now()}
        if not self._update(run_id, "status = :status, end_time = :ended", values):
            self.mlflow.set_terminated(run_id, status, end_time)

    def _update(self, run_id: str, changes: str, values: dict[str, Value]) -> int:
        statement = f"UPDATE runs SET {changes} WHERE run_uuid = :run"  # noqa: S608
        with self.database.writing() as transaction:
            return transaction.execute(
                f"{statement} AND lifecycle_stage = 'active'", values | {"run": run_id}
            )

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[Any]:
        """The artifacts of a run, or those in one of its folders."""
        top = local_folder(self.get_run(run_id).info.artifact_uri)
        if top is None:
            return list(self.mlflow.list_artifacts(run_id, path))
        folder = top / (path or "")
        if not folder.is_dir():
            return []
        return [
            FileInfo(
                str(one.relative_to(top)),
                one.is_dir(),
                None if one.is_dir() else one.stat().st_size,
            )
            for one in sorted(folder.iterdir())
        ]

    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str:
        """An artifact of a run on this machine: its file or folder, or a copy in a folder."""
        top = local_folder(self.get_run(run_id).info.artifact_uri)
        if top is None or not (top / path).exists():
            return str(self.mlflow.download_artifacts(run_id, path, dst_path))
        if dst_path is None:
            return str(top / path)
        copy = Path(dst_path, Path(path).name)  # where MLflow puts it
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (top / path).is_dir():
            shutil.copytree(top / path, copy, dirs_exist_ok=True)
        else:
            shutil.copyfile(top / path, copy)
        return str(copy)


def _runs(transaction: SqliteTransaction, where: str, values: dict[str, Value]) -> list[Run]:
    """Runs that a query finds, with their tags, params and latest metrics."""
    found = [
        RunInfo(run_id, name, str(experiment), *rest)
        for run_id, name, experiment, *rest in transaction.rows(f"{_RUNS} {where}", values)
    ]
    return [Run(info, _data(transaction, info.run_id)) for info in found]


def _data(transaction: SqliteTransaction, run_id: str) -> RunData:
    def found(table: str, kind: type) -> dict[str, Any]:
        query = f'SELECT "key", value FROM {table} WHERE run_uuid = :run'  # noqa: S608
        rows = transaction.rows(query, {"run": run_id})
        # SQLite takes any value in any column: values of another type are left out.
        return {name: value for name, value in rows if isinstance(value, kind)}

    return RunData(found("tags", str), found("params", str), found("latest_metrics", float))


def _is_active(transaction: SqliteTransaction, run_id: str) -> bool:
    query = "SELECT 1 FROM runs WHERE run_uuid = :run AND lifecycle_stage = 'active'"
    return any(transaction.rows(query, {"run": run_id}))
