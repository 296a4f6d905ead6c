"""Opening a tracking store: created once, however many sweeps start at the same moment."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from xorlab.credentials import without_those_of
from xorlab.errors import NoStoreError, StoreError
from xorlab.tracking.address import database_file, is_server, resolve, shown
from xorlab.tracking.client import client_of
from xorlab.tracking.database import make_database

if TYPE_CHECKING:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from mlflow.tracking import MlflowClient

# The UI then opens the experiment in its model-training view.
_KIND = ("mlflow.experimentKind", "custom_model_development")


@dataclass(frozen=True)
class Store:
    """An open store and the experiment that runs go to.

    Attributes:
        uri: absolute address.
        experiment: its name.
        experiment_id: its id.
        client: MLflow's client for this address; that of a server tells when it is away, see
            `xorlab.tracking.server.ServerClient`.
    """

    uri: str
    experiment: str
    experiment_id: str
    client: MlflowClient

    @property
    def sql(self) -> SqlAlchemyStore | None:
        """MLflow's own SQL store where the address is a database, not a server."""
        if is_server(self.uri):
            return None
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        store = self.client._tracking_client.store  # noqa: SLF001  (there is no public way)
        return store if isinstance(store, SqlAlchemyStore) else None

    @property
    def has_sql(self) -> bool:
        """Whether the address is a database, so that `session_of` works."""
        return self.sql is not None

    def browse(self) -> str:
        """What to type, and which page then shows the runs."""
        # Without its last part the address opens MLflow's view of traces of language models.
        page = f"#/experiments/{self.experiment_id}/runs?workflowType=machine_learning"
        if is_server(self.uri):
            return f"{shown(self.uri).rstrip('/')}/{page}"
        command = f"{_mlflow()} ui --backend-store-uri {shlex.quote(shown(self.uri))}"
        return f"{command}\n  then open http://127.0.0.1:5000/{page}"


def _mlflow() -> str:
    """The mlflow command, with its folder where that is not on the search path."""
    beside = Path(sys.executable).with_name("mlflow")
    return "mlflow" if shutil.which("mlflow") or not beside.exists() else str(beside)


def session_of(store: Store, read_only: bool = True) -> AbstractContextManager[Any]:
    """A session of the SQL store's own, one transaction; for a store that `has_sql`."""
    assert store.sql is not None  # noqa: S101  (the caller asked)
    session: AbstractContextManager[Any] = store.sql.ManagedSessionMaker(read_only=read_only)
    return session


def tables() -> Any:
    """MLflow's table classes, whose columns type checkers misread."""
    return import_module("mlflow.store.tracking.dbmodels.models")


def open_store(uri: str | None, experiment: str, create: bool = True) -> Store:
    """Open a store and an experiment in it.

    Args:
        uri: address, or None for the default; see `xorlab.tracking.address.resolve`.
        experiment: name of the experiment.
        create: whether store and experiment are made where they do not exist yet.

    Raises:
        ConfigError: the address names no kind of store.
        ServerAwayError: the server does not answer.
        StoreError: the store cannot be opened or created.
    """
    address = resolve(uri)
    file = database_file(address)
    if file is not None and not create and not file.exists():
        raise NoStoreError(f"there is no store {file}; has a run been recorded in this folder?")
    with _translated(address):
        if file is None:
            client = client_of(address)
            return Store(address, experiment, _experiment(client, experiment, None, create), client)
        if create:
            file.parent.mkdir(parents=True, exist_ok=True)
        # MLflow creates tables and experiments without a lock: two that start at once would both
        # find nothing there, and one of them would crash.
        with FileLock(f"{file}.lock", timeout=120):
            if not file.exists():
                make_database(file)
            client = client_of(address)
            artifacts = (file.parent / "mlartifacts").as_uri()
            identifier = _experiment(client, experiment, artifacts, create)
        return Store(address, experiment, identifier, client)


@contextlib.contextmanager
def _translated(address: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except StoreError:
        raise
    except (MlflowException, SQLAlchemyError, OSError) as error:
        first = without_those_of(address, str(error).strip().partition("\n")[0])
        raise StoreError(f"cannot open the tracking store {shown(address)}: {first}") from error


def _experiment(client: MlflowClient, name: str, artifacts: str | None, create: bool) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None and not create:
        raise NoStoreError(f"there is no experiment {name!r} in this store")
    if found is None:
        try:
            return str(
                client.create_experiment(
                    name,
                    artifact_location=f"{artifacts}/{_folder(name)}" if artifacts else None,
                    tags=dict([_KIND]),
                )
            )
        except MlflowException:
            # Another process may have made it since.
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        raise StoreError(
            f"experiment {name!r} was deleted; restore it with `mlflow experiments restore "
            f"--experiment-id {found.experiment_id}`, or choose another tracking.experiment"
        )
    return str(found.experiment_id)


def _folder(name: str) -> str:
    """A file name that a path separator or dot in the experiment's name cannot lead astray."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return safe[:80] or "_"
