"""Recorded runs and curves as tidy, typed tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from xorlab.config import LEAVES
from xorlab.errors import StoreError
from xorlab.tracking.pages import search_all
from xorlab.tracking.record import CURVE, KEY_TAG, OUTCOME_TAG, SWEEP_TAG, Record
from xorlab.tracking.store import Store, open_store

if TYPE_CHECKING:
    from mlflow.entities import Run

DEFAULT_EXPERIMENT = "xorlab"
MEMBERS = "runs.parquet"
_ORDER = {key.removesuffix(".name"): place for place, (key, _, _, _) in enumerate(LEAVES)}
_LEADING = ("run_id", "name", "status", "outcome", "sweep", "key")


def load_runs(
    uri: str | None = None,
    experiment: str | None = None,
    sweep: str | None = None,
    filter: str | None = None,  # noqa: A002  (MLflow's word for it)
) -> pd.DataFrame:
    """One row per run.

    Args:
        uri: address of the store; None for MLFLOW_TRACKING_URI, else mlflow.db in this folder.
        experiment: its name; None for ``xorlab``, or the sweep's own where one is given.
        sweep: run id of a sweep's parent: only its runs, also those it found finished.
        filter: an MLflow search filter, such as ``params.`optimizer.lr` = '0.5'``.

    Returns:
        ``run_id``, ``name``, ``status``, ``outcome`` (missing unless the run is finished),
        ``sweep``, ``key``, then every param and metric by its dotted name, numbers as numbers.
        A metric that a run does not have, such as ``epochs_to_solve`` of one that was not solved,
        is NaN. A parent run is no row.

    Raises:
        StoreError: no such store, experiment or sweep.
    """
    store = _open(uri, experiment, sweep)
    rows: Iterable[dict[str, Any]]
    if filter is None and store.has_sql:
        from xorlab.tracking.sqlreader import rows_from_sql

        rows = rows_from_sql(store)
    else:
        rows = _client_rows(_search(store, filter))
    frame = runs_frame(rows)
    if sweep is not None:
        members = {*frame.loc[frame["sweep"] == sweep, "run_id"], *_reused(store, sweep)}
        frame = frame[frame["run_id"].isin(members)].reset_index(drop=True)
        frame = frame.dropna(axis="columns", how="all") if len(frame) else frame
    frame.attrs["uri"] = store.uri
    return frame


def load_curves(runs: pd.DataFrame, uri: str | None = None) -> pd.DataFrame:
    """The loss curves of runs.

    Args:
        runs: from `load_runs`; any selection of its rows.
        uri: address of the store; None for the one that the runs were loaded from.

    Returns:
        ``run_id``, ``step`` (epochs completed), ``loss``; runs in their order, steps ascending.
    """
    address = uri or runs.attrs.get("uri")
    store = _open(address, None, None, any_experiment=True)
    return curves_of(store, runs["run_id"].tolist())


def curves_of(store: Store, identifiers: Sequence[str]) -> pd.DataFrame:
    """The loss curves of these runs, in their order."""
    if store.has_sql:
        from xorlab.tracking.sqlreader import curves_from_sql

        return curves_from_sql(store, identifiers)
    return _curves(store, identifiers)


def runs_frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows with params as strings and metrics as floats, to a typed table."""
    frame = pd.DataFrame(list(rows))
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


def _schema_order(name: str) -> tuple[int, str]:
    key = name.removeprefix("params.")
    return _ORDER.get(key, len(_ORDER)), key


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


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text


def _open(
    uri: str | None, experiment: str | None, sweep: str | None, any_experiment: bool = False
) -> Store:
    if sweep is None and not any_experiment:
        return open_store(uri, experiment or DEFAULT_EXPERIMENT, create=False)
    from mlflow.exceptions import MlflowException

    # The default experiment always exists: it opens the store, and the sweep names its own.
    store = open_store(uri, "Default", create=False)
    if sweep is None:
        return store
    try:
        parent = store.client.get_run(sweep)
    except MlflowException as error:
        raise StoreError(f"there is no sweep {sweep} in this store") from error
    identifier = parent.info.experiment_id
    name = store.client.get_experiment(identifier).name
    return Store(store.uri, name, identifier, store.client)


def _search(store: Store, text: str | None) -> Iterable[Run]:
    ours = f"tags.`{KEY_TAG}` LIKE '%'"
    return search_all(store, f"{ours} AND {text}" if text else ours)


def _client_rows(runs: Iterable[Run]) -> Iterable[dict[str, Any]]:
    return (client_row(run) for run in runs)


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
        **{f"params.{key}": value for key, value in params.items()},
        **{f"metrics.{key}": value for key, value in metrics.items()},
    }


def _reused(store: Store, sweep: str) -> Sequence[str]:
    """Runs that the sweep found finished: they belong to an earlier one, and to this one too."""
    from mlflow.artifacts import download_artifacts

    listed = [artifact.path for artifact in store.client.list_artifacts(sweep)]
    if MEMBERS not in listed:
        return []
    path = download_artifacts(run_id=sweep, artifact_path=MEMBERS, tracking_uri=store.uri)
    return list(pd.read_parquet(path, columns=["run_id"])["run_id"])


def _curves(store: Store, identifiers: Sequence[str]) -> pd.DataFrame:
    pieces = []
    for identifier in identifiers:
        history = sorted(store.client.get_metric_history(identifier, CURVE), key=lambda m: m.step)
        steps = np.array([metric.step for metric in history], np.int64)
        loss = np.array([metric.value for metric in history], np.float64)
        pieces.append((identifier, steps, loss))
    return curves_frame(pieces)


Curve = tuple[str, "np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]


def curves_frame(curves: Sequence[Curve]) -> pd.DataFrame:
    """Curves (run id, steps, losses) below one another."""
    counts = [len(steps) for _, steps, _ in curves]
    identifiers = np.array([identifier for identifier, _, _ in curves], object)
    none = [np.empty(0)]
    return pd.DataFrame(
        {
            "run_id": pd.array(np.repeat(identifiers, counts), dtype="str"),
            "step": np.concatenate([s for _, s, _ in curves] or none).astype(np.int64),
            "loss": np.concatenate([v for _, _, v in curves] or none).astype(np.float64),
        }
    )
