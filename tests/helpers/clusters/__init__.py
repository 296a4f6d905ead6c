"""Small clusters on this machine, for tests and benchmarks: real ones, on loopback only."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.clusters.cluster import Cluster
from tests.helpers.clusters.dask import dask
from tests.helpers.clusters.processes import where
from tests.helpers.clusters.ray import ray
from tests.helpers.clusters.slurm import slurm


def missing(engine: str) -> str | None:
    """Why an engine cannot be had here; None if it can."""
    library = {"slurm": "submitit", "ray": "ray", "dask": "distributed"}[engine]
    if importlib.util.find_spec(library) is None:
        return f"{library} is not installed: pip install 'xorlab[{engine}]'"
    if engine == "slurm":
        gone = [name for name in ("slurmctld", "slurmd", "munged") if where(name) is None]
        if gone:
            return f"{', '.join(gone)} not installed: apt-get install slurm-wlm munge"
        if os.geteuid() != 0:
            return "a Slurm of one's own needs root"
    return None


@contextlib.contextmanager
def cluster(engine: str, folder: Path, nodes: bool = True) -> Iterator[Cluster]:
    """Within: a cluster of two workers.

    Args:
        engine: its kind.
        folder: for what it writes.
        nodes: false for one that has none yet, and so no worker.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with {"slurm": slurm, "ray": ray, "dask": dask}[engine](folder, nodes) as made:
        yield made
