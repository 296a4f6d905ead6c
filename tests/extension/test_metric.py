"""A metric is one file: it is measured, recorded and summarised under the file's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import xorlab
from xorlab.tracking.store.opening import open_store

METRIC = '''
"""The largest weight."""

import numpy as np


def measure(ended):
    """(N,)."""
    layers = [np.abs(array) for name, array in ended.arrays.items() if "weights" in name]
    return np.stack([layer.max(axis=(1, 2)) for layer in layers]).max(axis=0).astype(float)
'''


@pytest.mark.slow
def test_a_metric_is_recorded_with_every_run(extended):
    extended(
        "networks/metrics/max_weight.py",
        METRIC,
        *("-m", "seed=range(0,4)", "optimizer.lr=2,4", "training.epochs=300"),
    )
    runs = xorlab.load_runs()
    assert len(runs) == 8
    largest = [
        max(np.abs(layer).max() for layer in network.weights)
        for network in xorlab.load_weights(runs).values()
    ]
    assert runs["max_weight"].tolist() == pytest.approx(largest, rel=0)

    (sweep,) = runs["sweep"].unique()
    folder = Path(open_store(None, "xorlab").client.download_artifacts(sweep, ""))
    table = pd.read_parquet(folder / "runs.parquet").set_index("run_id")["max_weight"]
    assert table[runs["run_id"]].tolist() == runs["max_weight"].tolist()
    page = (folder / "report.html").read_text().replace("<wbr>", "")  # where a header may break
    assert "<th>max_weight (median)</th>" in page
