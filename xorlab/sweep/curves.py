"""The loss curves of a sweep while it runs: in a file, for memory need not grow with them."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator, KeysView, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.tracking.frames import Curve, curves_frame

_AT_ONCE = 500  # runs whose curves are in memory together


class CurvesFile:
    """Curves by run key, in a file that has no name and ends with its object."""

    def __init__(self) -> None:
        with tempfile.TemporaryFile(prefix="xorlab-") as file:
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        self._end = 0
        self._places: dict[str, tuple[str, int, int]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def keys(self) -> KeysView[str]:
        """Of the runs whose curves are here."""
        return self._places.keys()

    def add(
        self, key: str, run_id: str, steps: npt.NDArray[np.int64], loss: npt.NDArray[np.float64]
    ) -> None:
        """Keep one: steps and loss, each (R,)."""
        data = steps.astype(np.int64).tobytes() + loss.astype(np.float64).tobytes()
        written = 0
        while written < len(data):
            written += os.pwrite(self._file, data[written:], self._end + written)
        self._places[key] = (run_id, self._end, len(steps))
        self._end += len(data)

    def rename(self, key: str, run_id: str) -> None:
        """Once it is known which run it is."""
        _, place, count = self._places[key]
        self._places[key] = (run_id, place, count)

    def frame(self, keys: Iterable[str]) -> pd.DataFrame:
        """As `xorlab.load_curves` would read them, in the order of the keys."""
        return curves_frame([self._read(key) for key in keys])

    def frames(self, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
        """The same in parts."""
        for start in range(0, len(keys), _AT_ONCE):
            yield self.frame(keys[start : start + _AT_ONCE])

    def _read(self, key: str) -> Curve:
        run_id, place, count = self._places[key]
        data = os.pread(self._file, 16 * count, place)
        return run_id, np.frombuffer(data, np.int64, count), np.frombuffer(data, np.float64, count,
                                                                          8 * count)  # fmt: skip


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
