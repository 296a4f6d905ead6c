"""What a run leaves behind: its params, metrics, tags and artifacts, before MLflow has them."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.networks.result import NetworkResult
from xorlab.networks.spec import Spec
from xorlab.networks.tasks.tasks import Task
from xorlab.system.git import Provenance
from xorlab.system.npz import npz_bytes
from xorlab.tracking.names import (
    FAILED,
    FINISHED,
    KEY_TAG,
    OUTCOME_TAG,
    PARENT_TAG,
    SWEEP_TAG,
    TABLE_TAG,
)
from xorlab.tracking.read.frames import row_of


@dataclass(frozen=True)
class Context:
    """What the runs of one sweep share.

    Attributes:
        provenance: code version and git state.
        sweep: run id of the parent run, or None.
    """

    provenance: Provenance
    sweep: str | None = None


@dataclass(frozen=True)
class Record:
    """One run, complete.

    Attributes:
        name: shown in lists of runs.
        status: `FINISHED` or `FAILED`.
        started, ended: milliseconds since 1970.
        params: identity params, as typed on the command line.
        metrics: final numbers, all finite; recorded at ``step``.
        step: epochs run.
        steps, loss: (R,) the curve of the metric ``loss``.
        tags: MLflow and xorlab tags.
        artifacts: file name to content.
    """

    name: str
    status: str
    started: int
    ended: int
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float] = field(default_factory=dict)
    step: int = 0
    steps: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    loss: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    artifacts: dict[str, bytes] = field(default_factory=dict)


def finished(
    spec: Spec, seed: int, result: NetworkResult, context: Context, started: int, ended: int
) -> Record:
    """The record of a run that was trained to its end.

    Args:
        spec: the run's setting, with the task that it was trained on.
        seed: of the run.
        result: of the training.
        context: what the record shares with others.
        started: when its training began, in milliseconds since 1970.
        ended: when it ended.
    """
    tags = _tags(spec, seed, context) | {
        OUTCOME_TAG: result.outcome,
        # Where the UI looks for tables that belong to a run.
        "mlflow.loggedArtifacts": '[{"path": "predictions.json", "type": "table"}]',
    }
    if spec.task.digest is not None:
        tags[TABLE_TAG] = spec.task.digest
    return Record(
        name=spec.name(seed),
        status=FINISHED,
        started=started,
        ended=ended,
        params=spec.params(seed),
        tags=tags,
        metrics=result.numbers(),
        step=result.epochs_run,
        steps=result.steps,
        loss=result.loss,
        artifacts={
            "predictions.json": predictions_json(result, spec.task),
            "weights.npz": _weights(result),
            "config.yaml": spec.yaml(seed).encode(),
        },
    )


def failed(
    spec: Spec, seed: int, traceback: str, context: Context, started: int, ended: int
) -> Record:
    """The record of a run that broke off, with its traceback."""
    return Record(
        name=spec.name(seed),
        status=FAILED,
        started=started,
        ended=ended,
        params=spec.params(seed),
        tags=_tags(spec, seed, context),
        artifacts={
            "traceback.txt": traceback.encode(),
            "config.yaml": spec.yaml(seed).encode(),
        },
    )


def _tags(spec: Spec, seed: int, context: Context) -> dict[str, str]:
    tags = {
        KEY_TAG: spec.key(seed),
        "mlflow.runName": spec.name(seed),
        "mlflow.user": user_name(),
        "mlflow.source.name": "xorlab",
        "mlflow.source.type": "LOCAL",
        **context.provenance.tags(),
    }
    if context.sweep is not None:
        tags |= {SWEEP_TAG: context.sweep, PARENT_TAG: context.sweep}
    return tags


def user_name() -> str:
    """Who runs this process, as MLflow shows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that has no name
        return "unknown"


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


def _weights(result: NetworkResult) -> bytes:
    """Arrays weights_1 (fan_in, fan_out), biases_1 (fan_out,), and so on; no pickle.

    Weights from the inputs to the outputs are ``skip`` (I, O); a layer that is a plain sum has
    no arrays.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    for layer, (weight, bias) in enumerate(zip(result.weights, result.biases, strict=True), 1):
        arrays[f"weights_{layer}"] = weight
        arrays[f"biases_{layer}"] = bias
    if result.skip is not None:
        arrays["skip"] = result.skip
    return npz_bytes(arrays)


def record_row(run_id: str, record: Record) -> dict[str, Any]:
    """The same row from the record that was written."""
    metrics = dict(record.metrics)
    return row_of(run_id, record.name, record.status, record.tags, record.params, metrics)
