"""The files that a trained network leaves."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.networks.result import NetworkResult
from xorlab.networks.tasks.tasks import Task
from xorlab.system.npz_layout import npz_bytes_alike


def predictions_json(result: NetworkResult, task: Task) -> bytes:
    """An MLflow table: inputs, target and output of every pattern; null where not a number."""
    outputs = [[None if np.isnan(y) else float(y) for y in row] for row in result.predictions]
    targets = task.targets.tolist()
    single = task.targets.shape[1] == 1
    rows = [
        [x, *((t[0], y[0]) if single else (t, y))]
        for x, t, y in zip(task.inputs.tolist(), targets, outputs, strict=True)
    ]
    return json.dumps({"columns": ["inputs", "target", "output"], "data": rows}).encode()


def weights_npz(result: NetworkResult) -> bytes:
    """Arrays weights_1 (fan_in, fan_out), biases_1 (fan_out,), and so on; no pickle.

    Weights from the inputs to the outputs are ``skip`` (I, O), other shortcuts ``skip_0_2`` and so
    on; a layer that is a plain sum has no arrays.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    for layer, (weight, bias) in enumerate(zip(result.weights, result.biases, strict=True), 1):
        arrays[f"weights_{layer}"] = weight
        arrays[f"biases_{layer}"] = bias
    return npz_bytes_alike(arrays | dict(result.shortcuts))
