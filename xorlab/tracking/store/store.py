"""Opening a tracking store: created once, however many sweeps start at the same moment."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from xorlab.errors import NoStoreError, StoreError
from xorlab.system.credentials import HIDDEN, without_those_of
from xorlab.tracking.store.address import (
    FileId,
    database_file,
    file_id_of,
    is_server,
    resolve,
    shown,
)
from xorlab.tracking.store.client import client_of
from xorlab.tracking.store.errors import check_there, explained
from xorlab.tracking.store.postgres import artifacts_place, is_postgres, opened_alone, shared_place
from xorlab.tracking.store.schema import EMPTY, FileSchema, await_schema
from xorlab.tracking.store.sqlite import make_database

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
            `xorlab.tracking.store.server.ServerClient`.
        identity: the file of an embedded store, as it was opened; None for any other.
    """

    uri: str
    experiment: str
    experiment_id: str
    client: MlflowClient
    identity: FileId | None = None

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

    def within(self, experiment_id: str) -> Store:
        """The same store with another of its experiments."""
        name = self.client.get_experiment(experiment_id).name
        return replace(self, experiment=name, experiment_id=experiment_id)

    def browse(self, below: str = "") -> str:
        """What to type, and which page then shows the runs.

        Args:
            below: what follows in the address of the page: a run, or a file of its, as
                ``/RUN_ID/artifacts/report.html``.
        """
        # Without its last part the address opens MLflow's view of traces of language models.
        page = f"#/experiments/{self.experiment_id}/runs{below}?workflowType=machine_learning"
        if is_server(self.uri):
            return f"{shown(self.uri).rstrip('/')}/{page}"
        address = shown(self.uri)
        command = f"{_mlflow()} ui --backend-store-uri {shlex.quote(address)}"
        whose = f"  with your user name in place of {HIDDEN}\n" if HIDDEN in address else ""
        return f"{command}\n{whose}  then open http://127.0.0.1:5000/{page}"


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


def open_store(
    uri: str | None, experiment: str, create: bool = True, artifacts: str | None = None
) -> Store:
    """Open a store and an experiment in it.

    Args:
        uri: address, or None for the default; see `xorlab.tracking.store.address.resolve`.
        experiment: name of the experiment.
        create: whether store and experiment are made where they do not exist yet.
        artifacts: where files of a new experiment go; None for the store's own way.

    Raises:
        ConfigError: the address names no kind of store, or one that has no way of its own.
        ServerAwayError: the server does not answer.
        StoreError: the store cannot be opened or created.
    """
    address = resolve(uri)
    file = database_file(address)
    if file is not None and not create and not file.exists():
        raise NoStoreError(f"there is no store {file}; has a run been recorded in this folder?")
    with _translated(address):
        if is_postgres(address):
            with opened_alone(address) as schema:
                # A database without tables, where nobody makes any, is a new one.
                if schema.revision() != EMPTY or schema.is_written():
                    await_schema(schema)
                client = client_of(address)
                shared = partial(shared_place, artifacts)
                identifier = _experiment(client, experiment, shared, create)
            return Store(address, experiment, identifier, client)
        if file is None:
            client = client_of(address)
            asked = _below(artifacts) if artifacts else None
            identifier = _experiment(client, experiment, asked, create)
            return Store(address, experiment, identifier, client)
        if create:
            file.parent.mkdir(parents=True, exist_ok=True)
        # MLflow creates tables and experiments without a lock: two that start at once would both
        # find nothing there, and one of them would crash.
        with FileLock(f"{file}.lock", timeout=120):
            if file.exists():
                await_schema(FileSchema(file))
            else:
                make_database(file)
            identity = file_id_of(address)
            client = client_of(address)
            # MLflow keeps connections by address: one may be to a file that was there before.
            client._tracking_client.store.engine.dispose()  # noqa: SLF001
            beside = (file.parent / "mlartifacts").as_uri()
            place = _below(artifacts_place(artifacts) if artifacts else beside)
            identifier = _experiment(client, experiment, place, create)
        store = Store(address, experiment, identifier, client, identity)
        check_there(store)
        return store


@contextlib.contextmanager
def _translated(address: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except StoreError:
        raise
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        first = without_those_of(address, str(error).strip().partition("\n")[0])
        told = explained(address, error) or f"{shown(address)}: {first}"
        raise StoreError(f"cannot open the tracking store {told}") from error


def _below(place: str) -> Callable[[str], str]:
    return lambda folder: f"{place}/{folder}"


def _experiment(
    client: MlflowClient, name: str, place: Callable[[str], str] | None, create: bool
) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None and not create:
        names = ", ".join(sorted(repr(one.name) for one in client.search_experiments()))
        raise NoStoreError(f"there is no experiment {name!r} in this store, which has {names}")
    if found is None:
        location = place(_folder(name)) if place is not None else None
        try:
            return str(client.create_experiment(name, location, dict([_KIND])))
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
