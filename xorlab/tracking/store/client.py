"""The client of a store: MLflow's own, or one that does without MLflow where the store is known."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xorlab.system.logs import quiet_logger
from xorlab.tracking.store.address import database_file, is_server
from xorlab.tracking.store.postgres import is_postgres
from xorlab.tracking.store.postgres_locks import end_when_suspended
from xorlab.tracking.store.revisions import file_revision, is_known
from xorlab.tracking.store.server import ServerClient, with_patience
from xorlab.tracking.store.sqlite_client import SqliteClient

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient
    from sqlalchemy.engine import Engine

_BUSY = "PRAGMA busy_timeout = 120000"


def client_of(address: str) -> MlflowClient:
    """A client for this address; for an SQLite store of a known revision, one without MLflow."""
    file = database_file(address)
    if file is not None and is_known(file_revision(file)):
        return cast("MlflowClient", SqliteClient(file, partial(mlflow_client, address)))
    return mlflow_client(address)


def through_mlflow(client: MlflowClient) -> MlflowClient:
    """MLflow's own client of the same store."""
    own = without_mlflow(client)
    return client if own is None else own.mlflow


def without_mlflow(client: object) -> SqliteClient | None:
    """The client, if it does without MLflow."""
    return client if isinstance(client, SqliteClient) else None


def mlflow_client(address: str) -> MlflowClient:
    """MLflow's client: quiet, patient with a busy database, quick to report an absent server.

    MLflow creates the tables of a new database here. For a server the client raises
    `ServerAwayError`: see `xorlab.tracking.store.server.ServerClient`.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # MLflow prints every run's page, with the user name and password of the address.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    with_patience()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient

        # For a new database Alembic would log thirty lines of migrations.
        with (
            quiet_logger("alembic", logging.WARNING),
            quiet_logger("mlflow", logging.WARNING),
            _no_stray_folder(address),
        ):
            client = MlflowClient(tracking_uri=address, registry_uri=address)
    if address.startswith("sqlite:"):
        _wait_longer(client._tracking_client.store.engine)  # noqa: SLF001
    elif is_postgres(address):
        end_when_suspended(client._tracking_client.store.engine)  # noqa: SLF001
    return cast("MlflowClient", ServerClient(client, address)) if is_server(address) else client


@contextlib.contextmanager
def _no_stray_folder(address: str) -> Iterator[None]:
    """Remove what MLflow creates for the folder of a database, which it does not unquote."""
    file, literal = database_file(address), Path(address.partition(":///")[2]).parent
    stray = []
    if file is not None and literal != file.parent:
        stray = [one for one in (literal, *literal.parents) if not one.exists()]
    try:
        yield
    finally:
        for one in stray:
            with contextlib.suppress(OSError):
                one.rmdir()


def _wait_longer(engine: Engine) -> None:
    """Let every session wait two minutes for other writers, in place of MLflow's 20 seconds.

    SQLite keeps no queue: where eight sweeps write, one that tries at unlucky moments waits much
    longer than the others.
    """
    from sqlalchemy import event

    def longer(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_: object
    ) -> tuple[str, Any]:
        sets_timeout = statement.startswith("PRAGMA busy_timeout")
        return (_BUSY if sets_timeout else statement), parameters

    if not getattr(engine, "xorlab_waits", False):  # MLflow keeps one engine for an address
        engine.xorlab_waits = True  # type: ignore[attr-defined]
        event.listen(engine, "before_cursor_execute", longer, retval=True)
        # The last connection that is closed moves what SQLite has logged into the database.
        atexit.register(engine.dispose)
