"""Tables that a sweep stored with its parent run: many runs in one call."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from xorlab.system.memory_limits import refuse_larger
from xorlab.tracking.read.files import read_file, reading
from xorlab.tracking.read.frames import typed_again
from xorlab.tracking.store.artifacts import local_folder
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RUNS_FILE = "runs.parquet"
CURVES_FILE = "curves.parquet"
# The columns without which the tables are of no use, and the kinds of their values.
_TEXT, _INTEGER, _NUMBER = ("string", "large_string", "dictionary"), ("integer",), ("floating",)
_KINDS: dict[str, dict[str, Collection[str]]] = {
    RUNS_FILE: {"run_id": _TEXT, "status": _TEXT, "key": _TEXT},
    CURVES_FILE: {"run_id": _TEXT, "step": _INTEGER, "loss": _NUMBER},
}
_CELL = 8  # bytes of a value in memory, at least


def recorded_runs(store: Store, sweep: str) -> pd.DataFrame | None:
    """All runs of a sweep, as they were when it ended; None if it has not stored them."""
    table = _table(store, sweep, RUNS_FILE)
    if table is None:
        return None
    with reading(sweep, RUNS_FILE):
        return typed_again(table)


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
    """A table that a sweep stored; None if it has not.

    Raises:
        StoreError: it cannot be read, or is not the table that `xorlab.sweeps.summary` writes.
    """
    try:
        if name not in [artifact.path for artifact in store.client.list_artifacts(sweep)]:
            return None
    except mlflow_errors():  # the parent run was deleted for good; its children may still be there
        return None
    content = read_file(store, sweep, name)
    with reading(sweep, name):
        return _decoded(content, _KINDS[name])


def _decoded(content: bytes, kinds: Mapping[str, Collection[str]]) -> pd.DataFrame:
    """A table from the bytes of a Parquet file.

    Raises:
        ValueError: it is not one, needs more memory than is free, or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(io.BytesIO(content))
    for column, kind in kinds.items():
        found = schema.field(column).type
        if not any(getattr(pa.types, f"is_{name}")(found) for name in kind):
            raise ValueError(f"its column {column} has the type {found}")
    # Compressed columns may be much larger than the file, and texts that are repeated than both:
    # each different text is read once, then it is known how large all of them are.
    file = pq.ParquetFile(io.BytesIO(content), read_dictionary=schema.names)
    facts = file.metadata
    groups = [facts.row_group(number).total_byte_size for number in range(facts.num_row_groups)]
    refuse_larger(max(_CELL * facts.num_rows * facts.num_columns, sum(groups)))
    encoded = file.read()
    refuse_larger(2 * sum(map(_decoded_size, encoded.columns)))  # of Arrow, and of pandas
    table: pd.DataFrame = encoded.cast(schema).to_pandas()
    return table


def _decoded_size(column: pa.ChunkedArray) -> int:
    """Bytes of a column without its dictionary."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = (pc.binary_length(chunk.dictionary).take(chunk.indices) for chunk in column.chunks)
    return sum(int(pc.sum(pc.cast(some, pa.int64())).as_py() or 0) for some in lengths)
