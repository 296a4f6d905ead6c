"""MLflow's client, quiet and quick to say that nobody answers."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient
    from sqlalchemy.engine import Engine

_BUSY = "PRAGMA busy_timeout = 120000"


def client_of(address: str) -> MlflowClient:
    """A client of this address; a new database gets its tables here."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow prints every run's page, with the user name and password of the address.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    # A server that is not there is reported in seconds, not in minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient

        with _quiet("alembic"), _quiet("mlflow"):
            client = MlflowClient(tracking_uri=address, registry_uri=address)
    if address.startswith("sqlite:"):
        _wait_longer(client._tracking_client.store.engine)  # noqa: SLF001
    return client


def _wait_longer(engine: Engine) -> None:
    """Let every session wait two minutes for other writers; MLflow sets 20 s at its beginning.

    SQLite keeps no queue: where eight sweeps write, the one that looks at the wrong moments waits
    much longer than all the others need.
    """
    from sqlalchemy import event

    def longer(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_: object
    ) -> tuple[str, Any]:
        own = statement.startswith("PRAGMA busy_timeout")
        return (_BUSY if own else statement), parameters

    if not getattr(engine, "xorlab_waits", False):  # MLflow keeps one engine for an address
        engine.xorlab_waits = True  # type: ignore[attr-defined]
        event.listen(engine, "before_cursor_execute", longer, retval=True)


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Migrations of a new database are told in thirty lines that nobody needs."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
