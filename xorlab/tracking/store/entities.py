"""Runs and experiments as they are read without MLflow; attributes have MLflow's names."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RunInfo:
    """What a run's row says.

    Attributes:
        run_id, run_name, experiment_id, status, lifecycle_stage: of the run.
        artifact_uri: where its artifacts are.
        start_time, end_time: milliseconds since 1970; the end is None while it runs.
    """

    run_id: str
    run_name: str | None
    experiment_id: str
    status: str
    lifecycle_stage: str
    artifact_uri: str
    start_time: int | None
    end_time: int | None


@dataclass(frozen=True)
class RunData:
    """Tags, params and the last value of each metric, by name."""

    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A run."""

    info: RunInfo
    data: RunData


@dataclass(frozen=True)
class Experiment:
    """An experiment; ``artifact_location`` is where its runs put their artifacts."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str


@dataclass(frozen=True)
class FileInfo:
    """An artifact; ``path`` is relative to the run's artifacts."""

    path: str
    is_dir: bool
    file_size: int | None
