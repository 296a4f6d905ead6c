"""One finished run of any trainer, found by its id or key, and all that it left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from xorlab.errors import UsageError
from xorlab.tracking.names import FINISHED, IDENTITY_TAG, KEY_TAG, LANDSCAPE_TAG
from xorlab.tracking.read.by_name import run_by_name
from xorlab.tracking.read.files import read_all_files
from xorlab.tracking.read.runs import curves_of
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.store import Store
from xorlab.trainers.result import Curve
from xorlab.trainers.shard_result import Files
from xorlab.trainers.trainer import TRAINER_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow.entities import Run


@dataclass(frozen=True, eq=False)
class FoundRun:
    """A finished run in its store.

    Attributes:
        store: where it is recorded.
        run: as MLflow has it.
    """

    store: Store
    run: Run

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return str(self.run.info.run_id)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the run."""
        return dict(self.run.data.tags)

    @property
    def trainer(self) -> str | None:
        """Name and version of its trainer; None for the built-in one."""
        return self.run.data.tags.get(TRAINER_TAG)

    def curves(self, names: Iterable[str]) -> dict[str, Curve]:
        """Its curves with these names; one that it does not have is empty."""
        import pandas as pd

        one = pd.DataFrame({"run_id": [self.run_id], "sweep": [None]})
        tables = {name: curves_of(self.store, one, name) for name in names}
        return {
            name: (table["step"].to_numpy(np.int64), table[name].to_numpy(np.float64))
            for name, table in tables.items()
        }

    @cached_property
    def files(self) -> Files:
        """Its files at the top of its artifacts, by name.

        Raises:
            StoreError: they cannot be read.
        """
        return read_all_files(self.store, self.run_id)


def finished_run(name: str, uri: str | None) -> FoundRun:
    """Find a run that can be repeated.

    Args:
        name: its id or key, or the beginning of one.
        uri: address of the store; None for the default.

    Raises:
        UsageError: no such run, several, or one that was not trained to its end.
        StoreError: the store cannot be read.
        ConfigError: the address does not name a store.
    """
    store = open_store(uri, "Default", create=False)
    run = run_by_name(store, name)
    run_id, tags = run.info.run_id, run.data.tags
    if IDENTITY_TAG in tags:
        raise UsageError(f"{run_id}: this is a sweep; name one of its runs")
    if LANDSCAPE_TAG in tags:
        raise UsageError(
            f"{run_id}: this is a landscape, whose networks are not separate runs; its command "
            "with tracking.existing=rerun trains all of them again"
        )
    if run.info.status != FINISHED:
        raise UsageError(
            f"{run_id}: this run is {run.info.status}; only one that FINISHED can be compared"
        )
    if KEY_TAG not in tags:
        raise UsageError(f"{run_id}: xorlab did not record this run; only its own can be repeated")
    return FoundRun(store, run)
