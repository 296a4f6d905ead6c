"""Opening a tracking store: created once, however many sweeps start at the same moment."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from xorlab.errors import NoStoreError, StoreError
from xorlab.system.credentials import without_those_of
from xorlab.tracking.store.access import is_writable
from xorlab.tracking.store.address import (
    database_file,
    experiment_name,
    file_id_of,
    is_server,
    public_address,
    resolve,
)
from xorlab.tracking.store.answers import refuse_location
from xorlab.tracking.store.client import client_of, mlflow_client
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
from xorlab.tracking.store.store import Store, mlflow_command

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

# The UI then opens the experiment in its model-training view.
_KIND = ("mlflow.experimentKind", "custom_model_development")


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
    with _translated(address):
        if file is not None:
            return _open_file(file, address, experiment, create, artifacts)
        if is_postgres(address):
            return _open_postgres(address, experiment, create, artifacts)
        return _open_other(address, experiment, create, artifacts)


def _open_file(
    file: Path, address: str, experiment: str, create: bool, artifacts: str | None
) -> Store:
    if file.is_symlink() and not file.exists():
        raise NoStoreError(
            f"{file} is a symbolic link to {file.readlink()}, which is not there; is its disk "
            "mounted? Remove the link, or name another tracking.uri"
        )
    if not create and not file.exists():
        raise NoStoreError(
            f"the store {file} does not exist; has a run been recorded in this folder?"
        )
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


def _open_postgres(address: str, experiment: str, create: bool, artifacts: str | None) -> Store:
    with exclusively_opened(address) as schema:
        check_schema(schema)
        client = client_of(address)
        shared = partial(experiment_artifacts, artifacts)
        identifier = _experiment(address, client, experiment, shared, create)
    return Store(address, experiment, identifier, client)


def _open_other(address: str, experiment: str, create: bool, artifacts: str | None) -> Store:
    """Open a server, or a database that MLflow alone knows."""
    client = client_of(address)
    if is_server(address):
        allow_files(client, artifacts)
    asked = _below(artifacts) if artifacts else None
    identifier = _experiment(address, client, experiment, asked, create)
    if is_server(address) and create:  # before anything is trained
        found = client.get_experiment(identifier)
        refuse_location(address, found.artifact_location, artifacts)
    return Store(address, experiment, identifier, client, artifacts=artifacts)


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
        raise NoStoreError(f"this store lacks the experiment {name!r}; it has {names}")
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
    return f"`MLFLOW_TRACKING_URI={where} {mlflow_command()} {restore}`"


def _folder(name: str) -> str:
    """A folder name for an experiment: no separator or dot in it can lead to another folder."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return safe[:80] or "_"
