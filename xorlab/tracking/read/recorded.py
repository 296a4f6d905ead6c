"""One recorded run, with everything needed to train it again and to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.tracking.read.files import read_file
from xorlab.tracking.read.found import FoundRun
from xorlab.tracking.read.runs import load_curves
from xorlab.tracking.read.weights import Network, load_weights


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


def recorded_run(found: FoundRun) -> Recorded:
    """Read the run of a network.

    Args:
        found: the run.

    Raises:
        StoreError: the store cannot be read, or files of the run are missing.
    """
    store, run_id, run = found.store, found.run_id, found.run
    import pandas as pd

    one = pd.DataFrame({"run_id": [run_id], "sweep": [None]})
    network = load_weights(one, store.uri)[run_id]
    curve = load_curves(one, uri=store.uri)
    predictions = read_file(store, run_id, "predictions.json")
    steps, loss = curve["step"].to_numpy(np.int64), curve["loss"].to_numpy(np.float64)
    run_name = run.info.run_name or ""
    return Recorded(
        run_id, run_name, run.data.tags, run.data.metrics, network, steps, loss, predictions
    )
