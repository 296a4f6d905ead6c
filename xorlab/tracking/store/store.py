"""Opening a tracking store: created once, however many sweeps start at the same moment."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from xorlab.errors import NoStoreError, StoreError
from xorlab.system.credentials import HIDDEN, without_those_of
from xorlab.tracking.store.access import check_writable, is_writable
from xorlab.tracking.store.address import (
    FileId,
    database_file,
    experiment_name,
    file_id_of,
    is_server,
    public_address,
    resolve,
)
from xorlab.tracking.store.answers import refuse_location
from xorlab.tracking.store.client import (
    client_of,
    mlflow_client,
    through_mlflow,
    without_mlflow,
)
from xorlab.tracking.store.database import Database, SqlAlchemyDatabase
from xorlab.tracking.store.errors import check_there, explained, store_errors
from xorlab.tracking.store.moved import follow
from xorlab.tracking.store.postgres import (
    artifacts_address,
    exclusively_opened,
    experiment_artifacts,
    is_postgres,
)
from xorlab.tracking.store.revisions import EMPTY
from xorlab.tracking.store.schema import check_schema, file_schema
from xorlab.tracking.store.server import allow_files
from xorlab.tracking.store.sqlite import make_database

if TYPE_CHECKING:
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
        client: MLflow's client for this address; for a server it raises `ServerAwayError`, see
            `xorlab.tracking.store.server.ServerClient`.
        identity: the file of an embedded store, as it was opened; None for any other.
        artifacts: where else than on a server itself its user lets files of runs go.
    """

    uri: str
    experiment: str
    experiment_id: str
    client: MlflowClient
    identity: FileId | None = None
    artifacts: str | None = None

    @property
    def has_sql(self) -> bool:
        """Whether the address is a database, not a server, so that there is a `database`."""
        return not is_server(self.uri)

    @property
    def database(self) -> Database:
        """The database behind a store that `has_sql`."""
        own = without_mlflow(self.client)
        if own is not None:
            return own.database
        return SqlAlchemyDatabase(self.client._tracking_client.store)  # noqa: SLF001

    @property
    def through_mlflow(self) -> Store:
        """The same store, for which every call is MLflow's own."""
        return replace(self, client=through_mlflow(self.client))

    def check_writable(self) -> None:
        """Refuse what needs more than reading.

        Raises:
            StoreError: it is the file of a store that this user cannot write.
        """
        file = database_file(self.uri)
        if file is not None:
            check_writable(file)

    def within(self, experiment_id: str) -> Store:
        """The same store with another of its experiments."""
        name = self.client.get_experiment(experiment_id).name
        return replace(self, experiment=name, experiment_id=experiment_id)

    def page(self, below: str = "", view: str | None = None) -> str:
        """The address of a page of MLflow's UI.

        Args:
            below: the rest of the page's address: a run or one of its files, as
                ``/RUN_ID/artifacts/report.html``.
            view: of the runs; see `xorlab.tracking.write.view`.
        """
        # Without its last part the address opens MLflow's view of traces of language models.
        page = f"#/experiments/{self.experiment_id}/runs{below}?workflowType=machine_learning"
        page += f"&viewStateShareKey={view}" if view is not None else ""
        server = public_address(self.uri).rstrip("/") if is_server(self.uri) else _LOCAL_UI
        return f"{server}/{page}"

    def serve(self) -> str | None:
        """The command that starts MLflow's UI for this store; None where a server has it."""
        if is_server(self.uri):
            return None
        return f"{_mlflow()} ui --backend-store-uri {shlex.quote(public_address(self.uri))}"

    def browse(self, below: str = "", view: str | None = None) -> str:
        """The command that starts MLflow's UI, and the page that then shows the runs.

        Args:
            below: as `page` takes it.
            view: as `page` takes it.
        """
        command = self.serve()
        if command is None:
            return self.page(below, view)
        whose = f"  with your user name in place of {HIDDEN}\n" if HIDDEN in command else ""
        return f"{command}\n{whose}  then open {self.page(below, view)}"


_LOCAL_UI = "http://127.0.0.1:5000"


def _mlflow() -> str:
    """The mlflow command, with its folder where that is not on the search path."""
    beside = Path(sys.executable).with_name("mlflow")
    return "mlflow" if shutil.which("mlflow") or not beside.exists() else str(beside)


def open_store(
    uri: str | None, experiment: str | None, create: bool = True, artifacts: str | None = None
) -> Store:
    """Open a store and an experiment in it.

    Args:
        uri: address, or None for the default; see `xorlab.tracking.store.address.resolve`.
        experiment: name of the experiment; None for MLFLOW_EXPERIMENT_NAME, else ``xorlab``.
        create: whether to create store and experiment where they do not exist yet.
        artifacts: where files of a new experiment go; None for the store's default.

    Raises:
        ConfigError: the address names no kind of store, or one that has no default for artifacts.
        ServerAwayError: the server does not answer.
        StoreError: the store cannot be opened or created.
    """
    address, experiment = resolve(uri), experiment_name(experiment)
    file = database_file(address)
    if file is not None and file.is_symlink() and not file.exists():
        raise NoStoreError(
            f"{file} is a symbolic link to {file.readlink()}, which is not there; is its disk "
            "mounted? Remove the link, or name another tracking.uri"
        )
    if file is not None and not create and not file.exists():
        raise NoStoreError(f"there is no store {file}; has a run been recorded in this folder?")
    with _translated(address):
        if is_postgres(address):
            with exclusively_opened(address) as schema:
                check_schema(schema)
                client = client_of(address)
                shared = partial(experiment_artifacts, artifacts)
                identifier = _experiment(address, client, experiment, shared, create)
            return Store(address, experiment, identifier, client)
        if file is None:
            client = client_of(address)
            if is_server(address):
                allow_files(client, artifacts)
            asked = _below(artifacts) if artifacts else None
            identifier = _experiment(address, client, experiment, asked, create)
            if is_server(address) and create:  # before anything is trained
                found = client.get_experiment(identifier)
                refuse_location(address, found.artifact_location, artifacts)
            return Store(address, experiment, identifier, client, artifacts=artifacts)
        if create:
            file.parent.mkdir(parents=True, exist_ok=True)
        # MLflow creates tables and experiments without a lock: of two processes that start at once
        # both would find nothing there, and one would crash.
        reads = not create and not is_writable(file)
        lock = contextlib.nullcontext() if reads else FileLock(f"{file}.lock", timeout=120)
        with lock:
            if file.exists():
                schema = file_schema(file)
                check_schema(schema)
                if schema.revision == EMPTY:
                    mlflow_client(address)  # makes the tables
                elif not reads:
                    follow(file)
            else:
                make_database(file)
            identity = file_id_of(address)
            client = client_of(address)
            beside = (file.parent / "mlartifacts").as_uri()
            location = _below(artifacts_address(artifacts) if artifacts else beside)
            identifier = _experiment(address, client, experiment, location, create)
        store = Store(address, experiment, identifier, client, identity)
        check_there(store)
        return store


@contextlib.contextmanager
def _translated(address: str) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except store_errors(OSError) as error:
        first = without_those_of(address, str(error).strip().partition("\n")[0])
        text = explained(address, error) or f"{public_address(address)}: {first}"
        raise StoreError(f"cannot open the tracking store {text}") from error


def _below(address: str) -> Callable[[str], str]:
    return lambda folder: f"{address}/{folder}"


def _experiment(
    address: str,
    client: MlflowClient,
    name: str,
    location_of: Callable[[str], str] | None,
    create: bool,
) -> str:
    found = client.get_experiment_by_name(name)
    if found is None and not create:
        names = ", ".join(sorted(repr(one.name) for one in client.search_experiments()))
        raise NoStoreError(f"there is no experiment {name!r} in this store, which has {names}")
    if found is None:
        location = location_of(_folder(name)) if location_of is not None else None
        try:
            return str(client.create_experiment(name, location, dict([_KIND])))
        except store_errors():
            # Another process may have created it since.
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        raise StoreError(
            f"experiment {name!r} was deleted; restore it with "
            f"{restore_command(address, found.experiment_id)}, or choose another "
            "tracking.experiment"
        )
    return str(found.experiment_id)


def restore_command(address: str, experiment_id: str) -> str:
    """The command that restores a deleted experiment, quoted for a message."""
    where = shlex.quote(public_address(address))
    restore = f"experiments restore --experiment-id {experiment_id}"
    return f"`MLFLOW_TRACKING_URI={where} {_mlflow()} {restore}`"


def _folder(name: str) -> str:
    """A folder name for an experiment: no separator or dot in it can lead to another folder."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return safe[:80] or "_"
