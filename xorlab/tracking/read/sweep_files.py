"""Tables that a sweep stored with its parent run: many runs in one call."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from xorlab.tracking.read.frames import typed_again
from xorlab.tracking.store.artifacts import local_folder
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

RUNS_FILE = "runs.parquet"
CURVES_FILE = "curves.parquet"


def recorded_runs(store: Store, sweep: str) -> pd.DataFrame | None:
    """All runs of a sweep, as they were when it ended; None if it has not stored them."""
    table = _table(store, sweep, RUNS_FILE)
    return None if table is None else typed_again(table)


def in_recorded_order(store: Store, sweep: str, runs: pd.DataFrame) -> pd.DataFrame:
    """Runs of a sweep in the order in which they were asked for, as its own table has them."""
    listed = recorded_runs(store, sweep)
    if listed is None:
        return runs
    place = {run_id: number for number, run_id in enumerate(listed["run_id"])}
    order = np.argsort(runs["run_id"].map(place).fillna(len(place)).to_numpy(), kind="stable")
    return runs.iloc[order].reset_index(drop=True)


def recorded_curves(store: Store, sweeps: Collection[str]) -> pd.DataFrame | None:
    """The loss curves that these sweeps stored, each run once; None if none of them did."""
    import pandas as pd

    tables = [table for s in sweeps if (table := _table(store, s, CURVES_FILE)) is not None]
    if not tables:
        return None
    return pd.concat(tables, ignore_index=True).drop_duplicates(["run_id", "step"])


def artifact_location(store: Store, run_id: str, name: str) -> str:
    """Path of an artifact if it is on this machine's disk, else how to see it in the UI."""
    try:
        folder = local_folder(store.client.get_run(run_id).info.artifact_uri)
    except ServerAwayError:  # the run is recorded; this is only how to find it
        folder = None
    return str(folder / name) if folder is not None else store.browse(f"/{run_id}/artifacts/{name}")


def _table(store: Store, sweep: str, name: str) -> pd.DataFrame | None:
    import pandas as pd

    try:
        if name not in [artifact.path for artifact in store.client.list_artifacts(sweep)]:
            return None
    except mlflow_errors():  # the parent run was deleted for good; its children may still be there
        return None
    return pd.read_parquet(store.client.download_artifacts(sweep, name))
