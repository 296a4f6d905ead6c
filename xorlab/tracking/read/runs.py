"""Recorded runs and curves as tidy, typed tables."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from xorlab.errors import ConfigError, StoreError, UsageError
from xorlab.tracking.names import CURVE, KEY_TAG
from xorlab.tracking.read.frames import LEADING, client_row, curves_frame, runs_frame
from xorlab.tracking.read.given import recorded
from xorlab.tracking.read.pages import search_all
from xorlab.tracking.read.sweep_files import recorded_curves, recorded_runs
from xorlab.tracking.read.sweeps import find_sweep
from xorlab.tracking.store.address import public_address
from xorlab.tracking.store.conditions import tag
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

_A_FILTER = (
    "an MLflow search filter: conditions joined by AND, the values of params quoted, as "
    "params.`network.hidden` = '2' AND metrics.final_loss < 0.1"
)


def load_runs(
    uri: str | None = None,
    experiment: str | None = None,
    sweep: str | None = None,
    filter: str | None = None,  # noqa: A002  (MLflow's word for it)
) -> pd.DataFrame:
    """One row per run.

    Args:
        uri: address of the store; None for MLFLOW_TRACKING_URI, else mlflow.db in this folder.
        experiment: its name; None for MLFLOW_EXPERIMENT_NAME, else ``xorlab``, or the sweep's own
            where one is given.
        sweep: run id of a sweep's parent, the beginning of one, or ``latest``: only its runs, also
            those it found finished.
        filter: an MLflow search filter, such as ``params.`optimizer.lr` = '0.5'``.

    Returns:
        ``run_id``, ``name``, ``status``, ``outcome`` (missing unless the run is finished),
        ``sweep``, ``key``, then every param and metric by its dotted name, numbers as numbers.
        A metric that a run does not have, such as ``epochs_to_solve`` of one that was not solved,
        is NaN. Last come ``started``, when a run's training began, and where runs learned tables
        ``table``, the beginning of a file's SHA-256: two versions of an edited file differ in it;
        where a trainer of your own made them ``trainer``, its name and version.
        Parent runs are not among the rows. Where a filter finds no run, a warning says what there
        is instead. A sweep on a server is read from the file that
        it stored there, so its runs are as they were when it ended.

        An experiment in which xorlab has recorded nothing is read as it is: ``run_id``, ``name``,
        ``status``, then params, metrics and tags by their names. `xorlab.as_runs` makes a table
        for the statistics of it.

    Raises:
        ConfigError: a filter that MLflow cannot read, or an argument that is not text.
        StoreError: no such store, experiment or sweep.
    """
    _refuse_others(uri=uri, experiment=experiment, sweep=sweep, filter=filter)
    if sweep is None:
        store = _open(uri, experiment)
    else:
        store, sweep = _of_sweep(uri, experiment, sweep)
    frame = read_runs(store, sweep, filter)
    if filter is not None and frame.empty:
        warnings.warn(why_none(store, sweep, filter), stacklevel=2)
    return frame


def read_runs(store: Store, sweep: str | None, text: str | None) -> pd.DataFrame:
    """The table of `load_runs`, of an open store.

    Args:
        store: whose experiment is read.
        sweep: the whole id of one of its sweeps; None for all runs.
        text: a filter; None for all runs.

    Raises:
        ConfigError: a filter that MLflow cannot read.
        StoreError: the store cannot be read.
    """
    frame = None
    if sweep is not None and text is None and not store.has_sql:
        frame = recorded_runs(store, sweep)
    if frame is None:
        frame = _found(store, sweep, text)
        if frame.empty and sweep is None:
            frame = _of_others(store, text)
    frame.attrs["uri"] = public_address(store.uri)
    return frame


def why_none(store: Store, sweep: str | None, text: str) -> str:
    """Why a filter finds no run, in words; the arguments are those of `read_runs`."""
    from xorlab.tracking.read.empty_filter import no_runs

    where = f"experiment {store.experiment!r}" if sweep is None else f"sweep {sweep}"
    return no_runs(text, read_runs(store, sweep, None), where)


def _refuse_others(**given: object) -> None:
    """Refuse arguments that are not text, and the name of an experiment in place of an address."""
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            several = "; tables of several go together with pandas.concat"
            raise ConfigError(name, value, f"text, or None{several * (name != 'filter')}")
    uri = given["uri"]
    if isinstance(uri, str) and uri.isidentifier():
        raise ConfigError(
            "uri",
            uri,
            "the address of a store, such as sqlite:///mlflow.db; the name of an experiment is "
            f"given as experiment={uri!r}",
        )


def _found(store: Store, sweep: str | None, text: str | None) -> pd.DataFrame:
    rows: Iterable[dict[str, Any]]
    if text is None and store.has_sql:
        from xorlab.tracking.read.sql import rows_from_sql

        rows = rows_from_sql(store)
    else:
        rows = map(client_row, _search(store, text))
    try:
        frame = runs_frame(rows)
    except mlflow_errors() as error:
        first = str(error).partition("\n")[0]
        if text is not None and error.error_code == "INVALID_PARAMETER_VALUE":
            raise ConfigError("filter", text, f"{_A_FILTER} (MLflow says: {first})") from error
        raise StoreError(
            f"runs cannot be searched in {public_address(store.uri)}: {first}"
        ) from error
    if sweep is not None:
        # Runs that the sweep found finished belong to an earlier one, and to this one too.
        listed = recorded_runs(store, sweep)
        reused = [] if listed is None else listed["run_id"].tolist()
        members = {*frame.loc[frame["sweep"] == sweep, "run_id"], *reused}
        frame = frame[frame["run_id"].isin(members)].reset_index(drop=True)
        # Keys and metrics of other sweeps alone; runs that all failed have outcomes all the same.
        own = frame.columns.isin(LEADING) | frame.notna().any()
        frame = frame.loc[:, own] if len(frame) else frame
    return frame


def _of_others(store: Store, text: str | None) -> pd.DataFrame:
    """Runs of an experiment that has none of xorlab's; those of xorlab where there are any."""
    from xorlab.tracking.read.foreign import foreign_runs

    frame = foreign_runs(store, text)
    return runs_frame([]) if frame.empty else frame


def load_curves(runs: pd.DataFrame, curve: str = CURVE, uri: str | None = None) -> pd.DataFrame:
    """The curves of runs with one name.

    Args:
        runs: from `load_runs`; any selection of its rows.
        curve: its name: ``loss``, or another that the trainer recorded.
        uri: address of the store; None for the one that the runs were loaded from.

    Returns:
        ``run_id``, ``step`` (epochs completed), and the values under the name of the curve; runs
        in their order, steps ascending.

    Raises:
        ConfigError: no run has such a curve.
        StoreError: no such store.
        TypeError: the runs are not a table of recorded runs.
    """
    if "://" in curve:  # no curve has such a name: it is an address
        curve, uri = CURVE, curve
    address = uri or recorded(runs).attrs.get("uri")
    store = _open(address, None, any_experiment=True)
    curves = curves_of(store, runs, curve)
    if curves.empty and curve != CURVE:
        _refuse_unknown(store, runs, curve)
    return curves


def _refuse_unknown(store: Store, runs: pd.DataFrame, curve: str) -> None:
    """Refuse a curve that no run has, if there are runs with others."""
    finished = runs.loc[runs["outcome"].notna(), "run_id"] if "outcome" in runs else runs["run_id"]
    for run_id in finished.head(1):
        known = named_curves(store, run_id)
        raise ConfigError("curve", curve, f"one that the runs have: {', '.join(known) or 'none'}")


def named_curves(store: Store, run_id: str) -> list[str]:
    """The names of a run's curves: metrics that were recorded at more than one step."""
    metrics = store.client.get_run(run_id).data.metrics
    return [name for name in metrics if len(store.client.get_metric_history(run_id, name)) > 1]


def curves_of(store: Store, runs: pd.DataFrame, curve: str = CURVE) -> pd.DataFrame:
    """The curves of these runs with one name, in their order.

    A database answers in a few queries. A server needs one call per run, so the files that sweeps
    stored there are read first, and only the rest is fetched run by run.
    """
    import pandas as pd

    identifiers = runs["run_id"].tolist()
    if store.has_sql:
        from xorlab.tracking.read.sql import curves_from_sql

        return curves_from_sql(store, identifiers, curve)
    # Sweeps store those of the loss.
    filed = None if curve != CURVE else recorded_curves(store, set(runs["sweep"].dropna()))
    if filed is None:
        return _fetched(store, identifiers, curve)
    filed = filed[filed["run_id"].isin(identifiers)]
    known = set(filed["run_id"].unique())
    fetched = _fetched(store, [run_id for run_id in identifiers if run_id not in known], curve)
    order_of = {run_id: number for number, run_id in enumerate(identifiers)}
    curves = pd.concat([filed, fetched], ignore_index=True)
    order = np.lexsort((curves["step"].to_numpy(), curves["run_id"].map(order_of).to_numpy()))
    return curves.iloc[order].reset_index(drop=True)


def _open(uri: str | None, experiment: str | None, any_experiment: bool = False) -> Store:
    if any_experiment:  # the default experiment always exists, and opens the store
        return open_store(uri, "Default", create=False)
    return open_store(uri, experiment, create=False)


def _of_sweep(uri: str | None, experiment: str | None, name: str) -> tuple[Store, str]:
    """The store, within the experiment of a sweep, and the sweep's whole id."""
    if not (name.isascii() and name.isalnum()):
        raise StoreError(f"{name!r}: a sweep id is made of letters and digits, or it is latest")
    store = _open(uri, experiment, any_experiment=experiment is None)
    try:
        sweep = find_sweep(store, name, everywhere=experiment is None)
    except UsageError as error:
        raise StoreError(str(error)) from error
    return store.within(sweep.experiment_id), sweep.run_id


def _search(store: Store, text: str | None) -> Iterable[Run]:
    return search_all(store, [tag(KEY_TAG)], text)


def _fetched(store: Store, identifiers: Iterable[str], name: str) -> pd.DataFrame:
    pieces = []
    for identifier in identifiers:
        history = sorted(store.client.get_metric_history(identifier, name), key=lambda m: m.step)
        steps = np.array([metric.step for metric in history], np.int64)
        loss = np.array([metric.value for metric in history], np.float64)
        pieces.append((identifier, steps, loss))
    return curves_frame(pieces, name)
