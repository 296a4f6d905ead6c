"""The command line in this process, and stores that several tests share."""

from __future__ import annotations

import contextlib
import io
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
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


def without_report(arguments: tuple[str, ...]) -> list[str]:
    """The arguments of a command; a sweep draws no report with them unless they ask for one.

    To draw it takes most of the time of a small sweep.
    """
    sweeps = arguments[:1] == ("-m",) and "plan=true" not in arguments
    asked = any(argument.startswith("tracking.report=") for argument in arguments)
    return [*arguments, "tracking.report=false"] if sweeps and not asked else [*arguments]


@dataclass(frozen=True)
class Recorded:
    """What a command left and printed.

    Attributes:
        store: the SQLite file; artifacts are beside it.
        out: the standard output.
    """

    store: Path
    out: str

    def copy_to(self, folder: Path) -> Path:
        """A copy of the store in another folder; the artifacts stay where they are."""
        copy = folder / self.store.name
        with (
            contextlib.closing(sqlite3.connect(self.store)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)  # with what is still in the write-ahead log
        return copy


def record(folder: Path, empty_store: Path, *arguments: str) -> Recorded:
    """Run the command line in a folder with an empty store; it must succeed."""
    from xorlab.commands.built_in import main

    store = Path(shutil.copy(empty_store, folder / "mlflow.db"))
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        isolate(patch, folder)
        patch.setattr(sys, "argv", ["xorlab", *without_report(arguments)])
        assert main() == 0, out.getvalue()
    return Recorded(store, out.getvalue())


def parents(experiment: str = "xorlab") -> list[Run]:
    """The parent runs of all sweeps in the store of the working directory."""
    from xorlab.tracking.store.opening import open_store

    store = open_store(None, experiment, create=False)
    return list(store.client.search_runs([store.experiment_id], "tags.`xorlab.sweep_key` LIKE '%'"))


def wait_until(condition: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    """Wait until something holds; fails where the process ends before, or after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
