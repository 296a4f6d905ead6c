"""Curves of a sweep in parts, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from xorlab.analysis.figures.held_out import FURTHER
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.tracking.read.frames import curves_frame
from xorlab.tracking.read.runs import curves_of
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 500  # runs whose curves are in memory together
_MOST_FURTHER, _MOST_FETCHED = 1000, 100  # runs; a server answers for one run at a time


def curves_in_parts(
    store: Store, ledger: Ledger, runs: pd.DataFrame, indices: npt.NDArray[np.int64]
) -> Iterator[pd.DataFrame]:
    """Curves of some runs of a sweep: those of the ledger, then those that only the store has.

    Args:
        store: where the runs are recorded.
        ledger: of the sweep.
        runs: all runs of the ledger.
        indices: of the wanted runs in ``runs``.
    """
    here = ledger.has_curve(ledger.runs[indices])
    own, others = indices[here], runs.iloc[indices[~here]]
    at_hand = ledger.curves(ledger.runs[own], runs["run_id"].array[own])
    return chain(at_hand, _read(store, others))


def _read(store: Store, runs: pd.DataFrame) -> Iterable[pd.DataFrame]:
    """Curves of runs, in parts; from a server, which gives whole files, at once."""
    if not len(runs):
        return ()
    return (curves_of(store, some) for some in (parts(runs) if store.has_sql else (runs,)))


def further_curves(store: Store, runs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The curves that a report shows beside that of the loss, of some runs, by name.

    Runs are chosen by their keys, which are hashes.

    Args:
        store: where the runs are recorded.
        runs: from `xorlab.load_runs`: the last value of a curve is a column there.
    """
    most = _MOST_FURTHER if store.has_sql else _MOST_FETCHED
    some = runs.iloc[np.sort(np.argsort(runs["key"].to_numpy(str), kind="stable")[:most])]
    return {name: curves_of(store, some, name) for name in FURTHER if name in runs}


def parts(runs: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Runs, so many at a time as their curves may be in memory."""
    for start in range(0, len(runs), _AT_ONCE):
        yield runs.iloc[start : start + _AT_ONCE]


def write_parquet(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """One table of several, below one another, as pandas would write it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    empty = pa.Table.from_pandas(curves_frame([]), preserve_index=False)
    with pq.ParquetWriter(path, empty.schema) as writer:
        writer.write_table(empty)
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer.write_table(table.cast(empty.schema))
