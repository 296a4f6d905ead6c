"""One recorded run, with everything needed to train it again and to compare."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from xorlab.errors import StoreError, UsageError
from xorlab.tracking.names import FINISHED, IDENTITY_TAG, LANDSCAPE_TAG
from xorlab.tracking.read.by_name import run_by_name
from xorlab.tracking.read.runs import load_curves
from xorlab.tracking.read.weights import Network, load_weights
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.store import open_store
from xorlab.trainers.trainer import TRAINER_TAG

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class Recorded:
    """A finished run as it is in the store.

    Attributes:
        run_id, name: of the run.
        tags, metrics: of the run, by name.
        network: its configuration and final weights.
        steps, loss: (R,) its curve.
        predictions: the content of its predictions.json.
    """

    run_id: str
    name: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    network: Network
    steps: npt.NDArray[np.int64]
    loss: npt.NDArray[np.float64]
    predictions: bytes


def recorded_run(name: str, uri: str | None) -> Recorded:
    """Read a run.

    Args:
        name: its id or key, or the beginning of one.
        uri: address of the store; None for the default.

    Raises:
        UsageError: no such run, several, or one that was not trained to its end.
        StoreError: the store cannot be read, or files of the run are missing.
        ConfigError: the address does not name a store.
    """
    store = open_store(uri, "Default", create=False)
    run = run_by_name(store, name)
    run_id = run.info.run_id
    tags = run.data.tags
    if IDENTITY_TAG in tags:
        raise UsageError(f"{run_id}: this is a sweep; name one of its runs")
    if LANDSCAPE_TAG in tags:
        raise UsageError(
            f"{run_id}: this is a landscape, whose networks are not separate runs; its command "
            "with tracking.existing=rerun trains all of them again"
        )
    if TRAINER_TAG in tags:
        raise UsageError(
            f"{run_id}: this is a run of the trainer {tags[TRAINER_TAG]}; only runs of networks "
            "can be repeated by this command. Its own command with the values of its config.yaml "
            "and tracking.existing=rerun trains it again"
        )
    if run.info.status != FINISHED:
        raise UsageError(
            f"{run_id}: this run is {run.info.status}; only one that FINISHED can be compared"
        )
    import pandas as pd

    one = pd.DataFrame({"run_id": [run_id], "sweep": [None]})
    network = load_weights(one, store.uri)[run_id]
    curve = load_curves(one, uri=store.uri)
    with tempfile.TemporaryDirectory(prefix="xorlab-") as folder:
        try:
            path = store.client.download_artifacts(run_id, "predictions.json", folder)
            predictions = Path(path).read_bytes()
        except mlflow_errors(OSError) as error:
            raise StoreError(f"run {run_id} has no readable predictions.json") from error
    steps, loss = curve["step"].to_numpy(np.int64), curve["loss"].to_numpy(np.float64)
    run_name = run.info.run_name or ""
    return Recorded(run_id, run_name, tags, run.data.metrics, network, steps, loss, predictions)
