"""MLflow's client, quiet and quick to say that nobody answers."""

from __future__ import annotations

import logging
import os
import warnings
from typing import TYPE_CHECKING, cast

from xorlab.tracking.address import is_server
from xorlab.tracking.server import ServerClient, quiet, with_patience

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


def client_of(address: str) -> MlflowClient:
    """A client of this address; a new database gets its tables here.

    That of a server tells when it is away: see `xorlab.tracking.server.ServerClient`.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow prints every run's page, with the user name and password of the address.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    with_patience()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient

        # Migrations of a new database are told in thirty lines that nobody needs.
        with quiet("alembic", logging.WARNING), quiet("mlflow", logging.WARNING):
            client = MlflowClient(tracking_uri=address, registry_uri=address)
    return cast("MlflowClient", ServerClient(client, address)) if is_server(address) else client
