"""Columns of a table that grow row by row, in little more room than the table will take."""

from __future__ import annotations

import json
from array import array
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 4096  # values that are Python's objects at a time


class Numbers:
    """Floats; NaN where a row has none."""

    def __init__(self) -> None:
        self._values = array("d")

    def put(self, place: int, value: float) -> None:
        """The value of a row, which comes after those that have one."""
        self._fill(place)
        self._values.append(value)

    def column(self, count: int) -> pd.Series[Any]:
        """Of so many rows."""
        self._fill(count)
        return pd.Series(np.frombuffer(self._values))

    def _fill(self, place: int) -> None:
        self._values.extend([nan] * (place - len(self._values)))


class Texts:
    """Texts; missing where a row has none."""

    def __init__(self) -> None:
        self._parts: list[pa.Array] = []
        self._open: list[str | None] = []
        self._packed = 0

    def put(self, place: int, value: str | None) -> None:
        """The value of a row, which comes after those that have one."""
        self._fill(place)
        self._open.append(value)
        if len(self._open) >= _AT_ONCE:
            self._pack()

    def column(self, count: int) -> pd.Series[Any]:
        """Of so many rows, as text."""
        return pd.Series(_text_array(self._whole(count)))

    def _whole(self, count: int) -> pa.ChunkedArray:
        import pyarrow as pa

        self._fill(count)
        self._pack()
        return pa.chunked_array(self._parts)

    def _fill(self, place: int) -> None:
        self._open.extend([None] * (place - self._packed - len(self._open)))

    def _pack(self) -> None:
        import pyarrow as pa

        self._parts.append(self._packing(pa.array(self._open, pa.large_string())))
        self._packed += len(self._open)
        self._open = []

    def _packing(self, values: pa.Array) -> pa.Array:
        return values


class Spelt(Texts):
    """Params: few different texts, which may all spell numbers, or truth values."""

    def column(self, count: int) -> pd.Series[Any]:
        """Numbers or truth values where all of them are; text otherwise."""
        import pyarrow as pa

        encoded = pa.concat_arrays(self._whole(count).unify_dictionaries().chunks)
        places = encoded.indices.fill_null(_MISSING).to_numpy()
        values = [_value(text.as_py()) for text in encoded.dictionary]
        kinds, partly = {type(value) for value in values}, encoded.null_count > 0
        if not kinds <= {int, float} and kinds != {bool}:
            return pd.Series(_text_array(encoded.cast(pa.large_string())))
        if not partly:
            return pd.Series(np.array(values)[places])
        return pd.Series(np.array([*values, nan], object if kinds == {bool} else float)[places])

    def _packing(self, values: pa.Array) -> pa.Array:
        return values.dictionary_encode()


_MISSING = -1  # behind the last value


def _text_array(values: Any) -> Any:
    """An Arrow array as pandas keeps text, without a copy."""
    return pd.StringDtype("pyarrow", na_value=nan).__from_arrow__(values)  # type: ignore[attr-defined]


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
