"""Rows of a run as MLflow would write them, in the order of each table's columns."""

from __future__ import annotations

from xorlab.tracking.store.new_rows import Value

RUN_COLUMNS = (
    *("run_uuid", "name", "source_type", "source_name", "entry_point_name", "user_id", "status"),
    *("start_time", "end_time", "deleted_time", "source_version", "lifecycle_stage"),
    *("artifact_uri", "experiment_id"),
)
# Of the tables of tags and params.
TEXT_COLUMNS = ("key", "value", "run_uuid")
# Of the tables of metrics and latest metrics.
METRIC_COLUMNS = ("key", "value", "timestamp", "step", "is_nan", "run_uuid")


def run_row(
    run_id: str,
    experiment_id: str,
    artifacts: str,
    name: str,
    user: str,
    status: str,
    started: int,
    ended: int | None,
) -> tuple[Value, ...]:
    """The row of a run.

    Args:
        run_id: of the run.
        experiment_id: that it belongs to.
        artifacts: where its artifacts are.
        name: of the run.
        user: who started it.
        status: of the run.
        started: milliseconds since 1970.
        ended: likewise; None while it runs.
    """
    return (
        *(run_id, name, "UNKNOWN", "", "", user, status),
        *(started, ended, None, "", "active"),
        *(artifacts, int(experiment_id)),
    )
