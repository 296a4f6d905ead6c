"""What is read from a store, as tidy, typed tables."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from math import nan
from sys import intern
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xorlab.config import LEAVES
from xorlab.tracking.record import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG, Record

if TYPE_CHECKING:
    from mlflow.entities import Run

_ORDER = {key.removesuffix(".name"): place for place, (key, _, _, _) in enumerate(LEAVES)}
_LEADING = ("run_id", "name", "status", "outcome", "sweep", "key")

# Run id, steps, losses.
Curve = tuple[str, "np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]


def runs_frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows with params as strings and metrics as floats, to a typed table."""
    frame = _columns(rows)
    for name in _LEADING:
        if name not in frame:
            frame[name] = None
    params = sorted((str(n) for n in frame if str(n).startswith("params.")), key=_schema_order)
    metrics = sorted(str(name) for name in frame if str(name).startswith("metrics."))
    typed = {name.removeprefix("params."): typed_column(frame[name]) for name in params}
    numbers = {name.removeprefix("metrics."): frame[name].astype(float) for name in metrics}
    numbers.pop(CURVE, None)  # its last value is `final_loss`; the curve is `load_curves`
    leading = {name: frame[name].astype("str") for name in _LEADING}
    leading = {name: values.where(frame[name].notna()) for name, values in leading.items()}
    return pd.DataFrame({**leading, **typed, **numbers})


def _columns(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """As `pd.DataFrame` would make them of a list, with one row in memory at a time."""
    numbers: dict[str, array[float]] = {}
    others: dict[str, list[Any]] = {}
    texts: dict[str, str] = {}  # params have few different values: each is in memory once
    count = 0
    for row in rows:
        for name, value in row.items():
            if name.startswith("metrics."):
                if name not in numbers:
                    numbers[name] = array("d", [nan]) * count
                numbers[name].append(value)
            else:
                if name not in others:
                    others[name] = [None] * count
                param = name.startswith("params.")
                others[name].append(texts.setdefault(value, value) if param else value)
        count += 1
        if len(row) < len(numbers) + len(others):
            for column in numbers.values():
                column.extend([nan] * (count - len(column)))
            for values in others.values():
                values.extend([None] * (count - len(values)))
    columns = {name: pd.Series(values, dtype=object) for name, values in others.items()}
    floats = {name: pd.Series(np.array(column)) for name, column in numbers.items()}
    return pd.DataFrame({**columns, **floats}, index=range(count))


def curves_frame(curves: Sequence[Curve]) -> pd.DataFrame:
    """Curves (run id, steps, losses) below one another."""
    counts = [len(steps) for _, steps, _ in curves]
    identifiers = pd.array([identifier for identifier, _, _ in curves], dtype="str")
    none = [np.empty(0)]
    return pd.DataFrame(
        {
            "run_id": identifiers.take(np.repeat(np.arange(len(curves)), counts)),
            "step": np.concatenate([s for _, s, _ in curves] or none).astype(np.int64),
            "loss": np.concatenate([v for _, _, v in curves] or none).astype(np.float64),
        }
    )


def client_row(run: Run) -> dict[str, Any]:
    """One of MLflow's runs as a row for `runs_frame`."""
    tags = run.data.tags
    return row_of(
        run.info.run_id,
        run.info.run_name,
        run.info.status,
        tags,
        run.data.params,
        run.data.metrics,
    )


def record_row(run_id: str, record: Record) -> dict[str, Any]:
    """The same row from the record that was written."""
    metrics = dict(record.metrics)
    return row_of(run_id, record.name, record.status, record.tags, record.params, metrics)


def row_of(
    run_id: str,
    name: str,
    status: str,
    tags: dict[str, str],
    params: dict[str, str],
    metrics: dict[str, float],
) -> dict[str, Any]:
    """A row for `runs_frame`."""
    return {
        "run_id": run_id,
        "name": name,
        "status": status,
        "outcome": tags.get(OUTCOME_TAG),
        "sweep": tags.get(SWEEP_TAG),
        "key": tags[KEY_TAG],
        # Many rows have the same few keys and values: each is in memory once.
        **{intern(f"params.{key}"): intern(value) for key, value in params.items()},
        **{intern(f"metrics.{key}"): value for key, value in metrics.items()},
    }


def typed_column(texts: pd.Series) -> pd.Series:
    """Params as numbers or truth values where all of them are; as text otherwise."""
    unique = {text: _value(text) for text in texts.dropna().unique()}
    kinds = {type(value) for value in unique.values()}
    if kinds <= {int, float} or kinds == {bool}:
        values = texts.map(unique)
        if texts.isna().any():
            return values.astype("float64" if bool not in kinds else object)
        return values.astype("bool" if bool in kinds else "float64" if float in kinds else "int64")
    return texts.astype("str").where(texts.notna())


def _schema_order(name: str) -> tuple[int, str]:
    key = name.removeprefix("params.")
    return _ORDER.get(key, len(_ORDER)), key


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
