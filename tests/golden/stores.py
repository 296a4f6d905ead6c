"""Four commands in new stores, and everything that they leave there."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import yaml

from tests.golden.fingerprint import digest
from tests.golden.normalise import lines_without, tags_without, text_without

COMMANDS = {
    "single": "seed=3 optimizer.lr=2 training.epochs=300",
    "sweep": "-m seed=range(0,6) network.hidden=2,[3,2] optimizer=gd,rprop training.epochs=300 "
    "hydra.launcher.workers=2",
    "precision": "-m hydra/sweeper=precision network.hidden=2,3 optimizer.lr=2 "
    "training.epochs=300 hydra.sweeper.half_width=0.2 hydra.sweeper.max_seeds=12 "
    "hydra.sweeper.first_round=6 hydra.launcher.workers=2",
    "landscape": "init=uniform landscape.x=optimizer.lr landscape.x_low=0.1 landscape.x_high=100 "
    "landscape.x_scale=log landscape.y=init.range landscape.y_low=0.1 landscape.y_high=10 "
    "landscape.y_scale=log landscape.width=24 landscape.height=20 training.epochs=100",
}
_BIN = Path(sys.executable).parent
_TEXT_FILES = (".html", ".txt", ".diff")
_LONGEST_HISTORY = 3  # points that are shown; of longer ones the ends and a hash
_SHOWN_ROWS = 8  # of a table; of longer ones hashes alone
# Git as it is without anyone's settings, and commits that have the same name every time.
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "xorlab" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "xorlab@localhost" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2020-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}
# Not from the command: the repository, and what SQLite keeps while a database is open.
_OUR_FILES = (".git", "notes.txt", "mlflow.db-")
_FROM_OUTSIDE = ("MLFLOW_", "HYDRA_", "GIT_", "COLUMNS")


def environment() -> dict[str, str]:
    """The environment of a command: nothing from outside that changes what it prints or does."""
    kept = {key: text for key, text in os.environ.items() if not key.startswith(_FROM_OUTSIDE)}
    return kept | _GIT | {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONUTF8": "1"}


def xorlab(folder: Path, *arguments: str) -> str:
    """Run the command in a folder; what it printed."""
    ended = subprocess.run(
        [str(_BIN / "xorlab"), *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def store_dumps(folder: Path) -> dict[str, dict[str, Any]]:
    """What each command prints and leaves in a store of its own, new and in a folder of its own."""
    # Two at a time: each takes about ten seconds of one processor.
    with ThreadPoolExecutor(2) as threads:
        printed = dict(
            zip(
                COMMANDS, threads.map(lambda name: _run(folder / name, name), COMMANDS), strict=True
            )
        )
    with warnings.catch_warnings():
        # MLflow's own, when it is imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        return {name: _dump(folder / name, printed[name]) for name in COMMANDS}


def _run(folder: Path, name: str) -> str:
    _make_repository(folder)
    return xorlab(folder, *COMMANDS[name].split())


def _make_repository(folder: Path) -> None:
    """A folder under version control, with a change that is not committed."""
    folder.mkdir()
    notes = folder / "notes.txt"
    notes.write_text("first\n", encoding="utf-8")
    for command in ("init --quiet --initial-branch=main", "add notes.txt", "commit -qm first"):
        subprocess.run(["git", *command.split()], cwd=folder, env=environment(), check=True)
    notes.write_text("first\nsecond\n", encoding="utf-8")


def _dump(folder: Path, printed: str) -> dict[str, Any]:
    """Everything in the store of a folder, and what the command printed."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiments = sorted(client.search_experiments(), key=lambda found: found.name)
    runs = [
        run
        for experiment in experiments
        for run in client.search_runs([experiment.experiment_id], max_results=1000)
    ]
    runs.sort(key=lambda run: run.info.run_name)
    names = {run.info.run_id: f"<id of {run.info.run_name}>" for run in runs}
    assert len(set(names.values())) == len(runs), "names of runs repeat"
    names |= {str(folder): "<folder>", str(_BIN): "<bin>"}
    return {
        "printed": lines_without(printed, names),
        "experiments": {
            experiment.name: {
                "tags": tags_without(experiment.tags, names),
                "artifacts": text_without(experiment.artifact_location, names),
            }
            for experiment in experiments
        },
        "runs": {run.info.run_name: _run_dump(client, run, names) for run in runs},
        "other files": sorted(
            path.name for path in folder.iterdir() if not path.name.startswith(_OUR_FILES)
        ),
    }


def _run_dump(client: Any, run: Any, names: Mapping[str, str]) -> dict[str, Any]:
    assert run.info.start_time <= run.info.end_time
    location = text_without(run.info.artifact_uri, names)
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "status": run.info.status,
        "stage": run.info.lifecycle_stage,
        "experiment": client.get_experiment(run.info.experiment_id).name,
        "location": location,
        "params": dict(sorted(run.data.params.items())),
        "tags": tags_without(run.data.tags, names),
        "metrics": {
            name: "<seconds>" if name == "seconds" else run.data.metrics[name]
            for name in sorted(run.data.metrics)
        },
        "histories": {
            name: _history(client.get_metric_history(run.info.run_id, name), name)
            for name in sorted(run.data.metrics)
        },
        "files": {path.relative_to(folder).as_posix(): _file(path, names) for path in paths},
    }


def _history(found: list[Any], name: str) -> Any:
    points = sorted([item.step, "<seconds>" if name == "seconds" else item.value] for item in found)
    if len(points) <= _LONGEST_HISTORY:
        return points
    steps, values = zip(*points, strict=True)
    return {
        "points": len(points),
        "first": points[0],
        "last": points[-1],
        "steps": digest(steps),
        "values": digest(values),
    }


def _file(path: Path, names: Mapping[str, str]) -> Any:
    content = path.read_bytes()
    if path.suffix == ".json":
        return json.loads(content)
    if path.suffix == ".yaml":
        return yaml.safe_load(content)
    if path.suffix == ".npz":
        return _arrays(content)
    if path.suffix == ".parquet":
        return _table(path, names)
    if path.suffix == ".png":
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        return "<image>"
    assert path.suffix in _TEXT_FILES, f"a file of a kind that is not compared: {path}"
    return lines_without(content.decode(), names)


def _arrays(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = file.namelist()
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name.removesuffix(".npy")] for name in members}
    return {
        name: {"dtype": array.dtype.str, "shape": list(array.shape), "values": digest(array)}
        for name, array in arrays.items()
    }


def _table(path: Path, names: Mapping[str, str]) -> dict[str, Any]:
    """Columns in their order, with type and values; ids are replaced by the names of their runs."""
    table = pyarrow.parquet.read_table(path)
    columns: dict[str, Any] = {}
    for field, column in zip(table.schema, table.columns, strict=True):
        # Which of the two string types it is, is for the version of pandas to choose.
        kind = str(field.type).replace("large_string", "string")
        values = [_cell(value, names) for value in column.to_pylist()]
        shown = values if len(values) <= _SHOWN_ROWS else digest(json.dumps(values))
        columns[field.name] = {"type": kind, "values": shown}
    return {"rows": table.num_rows, "columns": columns}


def _cell(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, datetime):
        return "<time>"
    if isinstance(value, float) and not np.isfinite(value):
        return repr(value)
    return names.get(value, value) if isinstance(value, str) else value
