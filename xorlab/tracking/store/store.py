"""An open tracking store, and where its runs are looked at."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.system.credentials import HIDDEN
from xorlab.tracking.store.access import check_writable
from xorlab.tracking.store.address import FileId, database_file, is_server, public_address
from xorlab.tracking.store.client import through_mlflow, without_mlflow
from xorlab.tracking.store.database import Database, SqlAlchemyDatabase

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


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
        return f"{mlflow_command()} ui --backend-store-uri {shlex.quote(public_address(self.uri))}"

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


def mlflow_command() -> str:
    """The mlflow command, with its folder where that is not on the search path."""
    beside = Path(sys.executable).with_name("mlflow")
    return "mlflow" if shutil.which("mlflow") or not beside.exists() else str(beside)
