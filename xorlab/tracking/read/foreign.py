"""Runs that xorlab did not record, from any MLflow experiment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xorlab.tracking.read.pages import search_all
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

_LEADING = ("run_id", "name", "status")
_OWN = "mlflow."  # tags that say nothing of the run itself
_ANY = "attributes.run_id != ''"


def foreign_runs(store: Store, text: str | None) -> pd.DataFrame:
    """One row per run of the store's experiment that another program recorded.

    Args:
        store: where.
        text: an MLflow search filter.

    Returns:
        ``run_id``, ``name``, ``status``, then params, metrics (their last values) and tags by
        their names, numbers as numbers and truth values as such. Where a name is taken, that of a
        metric begins with ``metric.``, and that of a tag with ``tag.``.
    """
    import pandas as pd

    found = search_all(store, [], text or _ANY)
    rows = [_row(run) for run in found if not any(map(_is_ours, run.data.tags))]
    frame = pd.DataFrame(rows, columns=list(dict.fromkeys(name for row in rows for name in row)))
    for name in frame.columns:
        if name not in _LEADING:
            frame[name] = _typed(frame[name])
    return frame


def _is_ours(tag: str) -> bool:
    return tag.startswith("xorlab.")


def _row(run: Run) -> dict[str, Any]:
    row: dict[str, Any] = {
        "run_id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
    }
    tags = {key: value for key, value in run.data.tags.items() if not key.startswith(_OWN)}
    parts = (("param", run.data.params), ("metric", run.data.metrics), ("tag", tags))
    for kind, values in parts:
        row |= {key if key not in row else f"{kind}.{key}": v for key, v in values.items()}
    return row


def _typed(column: pd.Series[Any]) -> pd.Series[Any]:
    """Texts as what all of them spell: numbers, or truth values."""
    values = {text: _value(text) for text in column.dropna().unique()}
    kinds = {type(value) for value in values.values()}
    if kinds <= {int, float}:
        typed: pd.Series[Any] = column.map(values)
        return typed.astype(float) if column.isna().any() else typed
    return column.map(values) if kinds == {bool} else column


def _value(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        value = json.loads({"True": "true", "False": "false"}.get(text, text))
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
