"""What tests of commands share: their surroundings, and what they leave."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mlflow.entities import Run

_OUTSIDE = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_RUN_ID",
    "HYDRA_FULL_ERROR",
    "COLUMNS",
)


def isolate(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Work in a folder, with no address or setting from outside."""
    patch.chdir(folder)
    for name in _OUTSIDE:
        patch.delenv(name, raising=False)
    patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


def parents(experiment: str = "xorlab") -> list[Run]:
    """The parent runs of all sweeps in the store of the working directory."""
    from xorlab.tracking.store.store import open_store

    store = open_store(None, experiment, create=False)
    return list(store.client.search_runs([store.experiment_id], "tags.`xorlab.sweep_key` LIKE '%'"))


def wait_until(condition: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    """Wait until something holds; fails where the process ends before, or after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
