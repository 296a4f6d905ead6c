"""MLflow's client, quiet and quick to say that nobody answers."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


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
            return MlflowClient(tracking_uri=address, registry_uri=address)


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
