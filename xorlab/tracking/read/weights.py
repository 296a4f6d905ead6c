"""Recorded networks: the weights of runs with the configurations they were trained with."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import yaml

from xorlab.config.values import unnested
from xorlab.errors import ConfigError, StoreError
from xorlab.networks.config import CHOICES, Config
from xorlab.networks.identity import from_identity_params
from xorlab.networks.rules import check
from xorlab.system.npz import npz_arrays
from xorlab.tracking.store.artifacts import local_folder
from xorlab.tracking.store.database import rows_in
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.store import Store, open_store

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.floating]

FILES = ("weights.npz", "config.yaml")
_DOWNLOADS = 8  # at a time: each waits for the server


@dataclass(frozen=True, eq=False)
class Network:
    """A recorded network.

    Attributes:
        config: the configuration that it was trained with.
        weights: one (fan_in, fan_out) per layer, at the end of the run.
        biases: one (fan_out,) per layer.
        skip: (I, O) weights from the inputs to the outputs, or None.
    """

    config: Config
    weights: list[Floats]
    biases: list[Floats]
    skip: Floats | None = None


def load_weights(runs: pd.DataFrame, uri: str | None = None) -> dict[str, Network]:
    """The networks that runs ended with.

    Args:
        runs: from `xorlab.load_runs`; any selection of its rows. Only ``run_id`` is read: weights
            and configuration are the run's own artifacts.
        uri: address of the store; None for the one that the runs were loaded from.

    Returns:
        a network per run id, in the order of the runs; its outputs are
        ``xorlab.predict(network.config, network, inputs)``.

    Raises:
        StoreError: no such store or run, or a run without readable weights or configuration.
    """
    identifiers = list(dict.fromkeys(runs["run_id"]))
    store = open_store(uri or runs.attrs.get("uri"), "Default", create=False)
    found: dict[str, Network] = {}
    for identifier, (weights, text) in _files(store, identifiers):
        layers = _layers(identifier, weights)
        found[identifier] = Network(_config(identifier, text), *layers)
    return found


Pair = tuple[bytes, bytes]


def _files(store: Store, identifiers: Sequence[str]) -> Iterator[tuple[str, Pair]]:
    """Every run's weights and configuration, in order."""
    addresses = _addresses(store, identifiers)
    folders = {run: local_folder(address) for run, address in addresses.items()}
    with (
        tempfile.TemporaryDirectory(prefix="xorlab-") as scratch,
        ThreadPoolExecutor(_DOWNLOADS) as pool,
    ):
        far = [run for run, folder in folders.items() if folder is None]
        fetch: Callable[[str], Path] = lambda run: _download(store, run, Path(scratch, run))  # noqa: E731
        fetched = pool.map(fetch, far)  # in order, as `far` is in that of the identifiers
        for run in identifiers:
            folder = folders[run] or next(fetched)
            yield run, (_read(run, folder / FILES[0]), _read(run, folder / FILES[1]))


def _addresses(store: Store, identifiers: Sequence[str]) -> dict[str, str]:
    """The address of each run's artifacts."""
    if not store.has_sql:
        try:
            with ThreadPoolExecutor(_DOWNLOADS) as pool:
                found = list(pool.map(store.client.get_run, identifiers))
        except mlflow_errors() as error:
            raise StoreError(f"cannot read the runs: {error}") from error
        return {run.info.run_id: run.info.artifact_uri for run in found}
    addresses: dict[str, str] = {}
    with store.database.reading() as transaction:
        query = "SELECT run_uuid, artifact_uri FROM runs WHERE run_uuid IN"
        addresses.update(rows_in(transaction, query, identifiers))
    for run in identifiers:
        if run not in addresses:
            raise StoreError(f"there is no run {run} in this store")
    return addresses


def _download(store: Store, run: str, folder: Path) -> Path:
    folder.mkdir()
    for name in FILES:
        try:
            store.client.download_artifacts(run, name, str(folder))
        except mlflow_errors(OSError) as error:
            raise _unreadable(run, name) from error
    return folder


def _read(run: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(run, path.name, f" in {path.parent}") from error


def _unreadable(run: str, name: str, where: str = "") -> StoreError:
    return StoreError(
        f"run {run} has no readable {name}{where}: only a run that finished, and whose artifacts "
        "are still there, can be read"
    )


def _layers(run: str, content: bytes) -> tuple[list[Floats], list[Floats], Floats | None]:
    """Weights and biases of each layer, and the skip weights or None."""
    try:
        arrays = npz_arrays(content)
        layers = range(1, sum(name.startswith("biases_") for name in arrays) + 1)
        weights = [arrays[f"weights_{n}"] for n in layers]
        return weights, [arrays[f"biases_{n}"] for n in layers], arrays.get("skip")
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise StoreError(f"weights.npz of run {run} cannot be read: {error}") from error


def _config(run: str, content: bytes) -> Config:
    """The configuration that `xorlab.trainers.spec.Spec.yaml` wrote."""
    # Runs of one setting differ only in the first line: the rest is parsed once for all of them.
    first, _, rest = content.partition(b"\n")
    try:
        values = {**_parsed(first), **_parsed(rest)}
        config = from_identity_params(values)
        check(config)
    except (ConfigError, yaml.YAMLError, AttributeError, TypeError, UnicodeError) as error:
        raise StoreError(f"config.yaml of run {run} cannot be used: {error}") from error
    return config


@lru_cache(maxsize=1024)
def _parsed(content: bytes) -> dict[str, Any]:
    """Nested YAML as identity params."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return unnested(yaml.load(content, Loader=loader), CHOICES)  # noqa: S506  (a safe loader, in C where there is one)
