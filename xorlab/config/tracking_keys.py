"""Where runs are recorded: keys that any trainer's configuration has."""

from __future__ import annotations

from dataclasses import dataclass

from xorlab.config.closed import Closed
from xorlab.config.fields import (
    MAX_NAME,
    choice,
    is_flag,
    is_name,
    is_optional,
    is_text,
    key,
)

EXISTING = ("skip", "rerun", "retry")
FAILURES = ("continue", "stop")
OBJECTIVES = ("final_loss", "max_error", "accuracy", "solved", "epochs_run", "epochs_to_solve")


@dataclass
class TrackingConfig(Closed):
    """Where runs are recorded, and what happens to those already there."""

    uri: str | None = key(
        None,
        "MLflow store or server; null: MLFLOW_TRACKING_URI, else mlflow.db in this folder",
        "a tracking address such as sqlite:////data/mlflow.db or http://host:5000, or null",
        "tracking.uri=http://localhost:5000",
        is_optional(is_text),
    )
    experiment: str | None = key(
        None,
        "MLflow experiment; null: MLFLOW_EXPERIMENT_NAME, else xorlab",
        f"a name in one line of at most {MAX_NAME} characters, or null",
        "tracking.experiment=pilot",
        is_optional(is_name),
    )
    artifacts: str | None = key(
        None,
        "where files of a new experiment go; null: mlartifacts beside a SQLite file, or "
        "where the server says; must be named for a database server such as PostgreSQL",
        "a folder that all machines share, an address such as s3://bucket/xorlab, or null",
        "tracking.uri=postgresql://db/xorlab tracking.artifacts=/srv/xorlab",
        is_optional(is_text),
    )
    existing: str = choice(
        "skip",
        EXISTING,
        "a sweep's runs that are recorded already: skip them, run them all again (rerun), or "
        "only those that ended in an error or lost their files (retry)",
        "tracking.existing=rerun",
    )
    failures: str = choice(
        "continue",
        FAILURES,
        "after a run that ended in an error go on, or stop the sweep",
        "tracking.failures=stop",
    )
    objective: str = choice(
        "final_loss",
        OBJECTIVES,
        "the metric that a job returns to the sweeper",
        "tracking.objective=epochs_to_solve",
    )
    bulk: bool = key(
        True,
        "record whole shards in bulk where the store allows it",
        "true or false",
        "tracking.bulk=false",
        is_flag,
    )
    report: bool = key(
        True,
        "end a sweep with its report: figures, and why runs were not solved; "
        "xorlab-report makes one at any time",
        "true or false",
        "tracking.report=false",
        is_flag,
    )
    outbox: str | None = key(
        None,
        "folder where finished runs wait while a tracking server is away; null: "
        "xorlab-outbox in this folder",
        "a folder, or null",
        "tracking.outbox=/data/xorlab-outbox",
        is_optional(is_text),
    )
    sweep: str | None = key(
        None,
        "run id of the parent run; a sweep sets it for its jobs",
        "a run id, or null",
        "tracking.sweep=null",
        is_optional(is_name),
    )


@dataclass
class AnyTracking(TrackingConfig):
    """The same for a trainer whose metrics are not known before it has trained."""

    objective: str = key(
        "final_loss",
        "the metric that a job returns to the sweeper",
        "the name of a metric",
        "tracking.objective=accuracy",
        is_name,
    )
