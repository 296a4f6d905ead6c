"""What a run leaves behind: its params, metrics, tags and artifacts, before MLflow has them."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from xorlab.errors import spell
from xorlab.system.git import Provenance
from xorlab.tracking.names import (
    CURVE,
    FAILED,
    FINISHED,
    KEY_TAG,
    OUTCOME_TAG,
    PARENT_TAG,
    SWEEP_TAG,
    TRACEBACK_FILE,
)
from xorlab.tracking.read.frames import START, row_of
from xorlab.tracking.store.artifacts import CONFIG_FILE
from xorlab.trainers.result import Curve, Result
from xorlab.trainers.shard_result import Files
from xorlab.trainers.spec import Spec

_SWEEP_TAGS = (SWEEP_TAG, PARENT_TAG)
_LONGEST_NAME = 250  # characters, as MLflow takes them


@dataclass(frozen=True)
class Context:
    """What the runs of one sweep share.

    Attributes:
        provenance: code version and git state.
        sweep: run id of the parent run, or None.
        named: keys that runs differ in and that their trainer's label does not name.
    """

    provenance: Provenance
    sweep: str | None = None
    named: Sequence[str] = ()

    def name(self, spec: Spec, seed: int) -> str:
        """A run's name, beginning with the keys that are `named`."""
        values = spec.values
        words = [
            f"{key.rpartition('.')[2]}={_short(values[key])}" for key in self.named if key in values
        ]
        return " ".join([*words, spec.name(seed)])[:_LONGEST_NAME]

    @cached_property
    def tags(self) -> dict[str, str]:
        """The tags that all of them have."""
        tags = {
            "mlflow.user": user_name(),
            "mlflow.source.name": "xorlab",
            "mlflow.source.type": "LOCAL",
            **self.provenance.tags(),
        }
        return tags if self.sweep is None else tags | dict.fromkeys(_SWEEP_TAGS, self.sweep)


@dataclass(frozen=True)
class Record:
    """One run, complete.

    Attributes:
        name: shown in lists of runs.
        status: `FINISHED` or `FAILED`.
        started, ended: milliseconds since 1970.
        params: identity params, as typed on the command line.
        metrics: final numbers, all finite.
        step: at which they are recorded. 0: MLflow's UI then shows them as bars; a single number
            at a later step is drawn as a line of one point.
        curves: by the name of the metric, each with its steps (R,) and values (R,).
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
    curves: Mapping[str, Curve] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)


def finished(
    spec: Spec,
    seed: int,
    result: Result,
    context: Context,
    started: int,
    ended: int,
    files: Files | None = None,
) -> Record:
    """The record of a run that was trained to its end.

    Args:
        spec: the run's setting, with the data that it was trained on.
        seed: of the run.
        result: of the training.
        context: what the record shares with others.
        started: when its training began, in milliseconds since 1970.
        ended: when it ended.
        files: that it leaves, by name; None for those that its trainer makes of the result.
    """
    trainer = spec.trainer
    tags = _tags(spec, seed, context) | {OUTCOME_TAG: result.outcome} | trainer.tags(spec.data)
    return Record(
        name=context.name(spec, seed),
        status=FINISHED,
        started=started,
        ended=ended,
        params=spec.params(seed),
        tags=tags,
        # The last point of a curve is a final number already.
        metrics={name: v for name, v in result.numbers().items() if name not in result.curves},
        curves=result.curves,
        artifacts={
            **(trainer.files(spec.data, result) if files is None else files),
            CONFIG_FILE: spec.yaml(seed).encode(),
        },
    )


def failed(
    spec: Spec, seed: int, traceback: str, context: Context, started: int, ended: int
) -> Record:
    """The record of a run that broke off, with its traceback."""
    return Record(
        name=context.name(spec, seed),
        status=FAILED,
        started=started,
        ended=ended,
        params=spec.params(seed),
        tags=_tags(spec, seed, context),
        artifacts={
            TRACEBACK_FILE: traceback.encode(),
            CONFIG_FILE: spec.yaml(seed).encode(),
        },
    )


def _tags(spec: Spec, seed: int, context: Context) -> dict[str, str]:
    own = {KEY_TAG: spec.key(seed), "mlflow.runName": context.name(spec, seed)}
    return own | context.tags | spec.trainer.identity_tags()


def _short(value: Any) -> str:
    """A value as it is typed; of a path, the name of the file."""
    return f"{value:g}" if isinstance(value, float) else spell(value).rpartition("/")[2]


def user_name() -> str:
    """Who runs this process, as MLflow shows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that has no name
        return "unknown"


def record_row(run_id: str, record: Record) -> dict[str, Any]:
    """The same row from the record that was written."""
    last = {
        name: float(values[-1])
        for name, (_, values) in record.curves.items()
        if len(values) and name != CURVE  # its last value is `final_loss`
    }
    metrics = last | record.metrics
    row = row_of(run_id, record.name, record.status, record.tags, record.params, metrics)
    return row | {START: record.started}
