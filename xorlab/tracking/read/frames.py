"""What is read from a store, as tidy, typed tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from sys import intern
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xorlab.config.schema import FIELDS
from xorlab.tracking.names import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG
from xorlab.tracking.read.columns import Numbers, Spelt, Texts

if TYPE_CHECKING:
    from mlflow.entities import Run

_ORDER = {key.removesuffix(".name"): place for place, (key, _, _, _) in enumerate(FIELDS)}
_LEADING = ("run_id", "name", "status", "outcome", "sweep", "key")

# Run id, steps, losses.
Curve = tuple[str, "np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]


def runs_frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows with params as strings and metrics as floats, to a typed table."""
    numbers: defaultdict[str, Numbers] = defaultdict(Numbers)
    params: defaultdict[str, Spelt] = defaultdict(Spelt)
    leading = {name: Texts() for name in _LEADING}
    count = 0
    for count, row in enumerate(rows, 1):
        for name, value in row.items():
            if name.startswith("metrics."):
                numbers[name.removeprefix("metrics.")].put(count - 1, value)
            elif name.startswith("params."):
                params[name.removeprefix("params.")].put(count - 1, value)
            elif name in leading:
                leading[name].put(count - 1, value)
    numbers.pop(CURVE, None)  # its last value is `final_loss`; the curve is `load_curves`
    columns = (
        leading
        | {n: params[n] for n in sorted(params, key=_schema_order)}
        | {n: numbers[n] for n in sorted(numbers)}
    )
    return pd.DataFrame({name: column.column(count) for name, column in columns.items()})


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


def _schema_order(name: str) -> tuple[int, str]:
    return _ORDER.get(name, len(_ORDER)), name
