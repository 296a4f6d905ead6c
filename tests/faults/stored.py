"""What faults have left in a store, read past MLflow and xorlab."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PER_START = ("xorlab.sweep", "xorlab.trainer_code", "mlflow.parentRunId", "mlflow.source.git")


Run = tuple[object, ...]


@dataclass(frozen=True)
class Found:
    """What stands in a store, by key.

    Attributes:
        whole: of every finished run all that was recorded, but for ids and times.
        others: statuses of the runs that are not finished, parents included.
    """

    whole: dict[str, list[Run]]
    others: list[str]


def found(database: Path, experiment: str = "xorlab") -> Found:
    """Read the runs of a sweep past MLflow and xorlab, from tables and files."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return found_by(lambda query: connection.execute(query).fetchall(), experiment)


def found_by(ask: Callable[[str], list[tuple[object, ...]]], experiment: str = "xorlab") -> Found:
    """The same of any database, by what it answers to queries."""
    ours = (
        "FROM {} JOIN runs r USING (run_uuid) JOIN experiments e ON "
        f"e.experiment_id = r.experiment_id WHERE e.name = '{experiment}'"
    )
    tables: dict[str, dict[object, list[tuple[object, ...]]]] = {}
    for table, columns in (
        ("tags", "x.key, x.value"),
        ("params", "x.key, x.value"),
        ("metrics", "x.key, x.step, x.value"),
        ("latest_metrics", "x.key, x.step, x.value"),
    ):
        rows = tables.setdefault(table, {})
        source = ours.format(f"{table} x")
        for run, *row in ask(f"SELECT x.run_uuid, {columns} {source} ORDER BY {columns}"):
            rows.setdefault(run, []).append(tuple(row))
    runs = ask(
        "SELECT r.run_uuid, r.status, r.artifact_uri FROM runs r JOIN experiments e "
        f"ON e.experiment_id = r.experiment_id WHERE e.name = '{experiment}'"
    )
    whole: dict[str, list[Run]] = {}
    others = []
    for run, status, address in runs:
        tags = dict(tables["tags"].get(run, []))
        if "xorlab.key" not in tags or status != "FINISHED":
            if status != "FINISHED":
                others.append(str(status))
            continue
        constant_tags = sorted(pair for pair in tags.items() if not pair[0].startswith(_PER_START))
        rest = [tables[name].get(run, []) for name in ("params", "metrics", "latest_metrics")]
        whole.setdefault(str(tags["xorlab.key"]), []).append(
            (constant_tags, *rest, _files(Path(unquote(urlsplit(str(address)).path))))
        )
    return Found(whole, others)


def _files(folder: Path) -> list[tuple[str, str]]:
    """Names and contents of a run's artifacts."""
    return sorted(
        (str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    )


def recorded(database: Path) -> int:
    """How many runs of sweeps are finished by now."""
    with contextlib.suppress(sqlite3.Error):
        return sum(map(len, found(database).whole.values()))
    return 0


def without_files(database: Path) -> int:
    """Finished runs that lack the files with which each is recorded."""
    query = "SELECT artifact_uri FROM runs JOIN tags USING (run_uuid) WHERE key = 'xorlab.key' "
    with closing(sqlite3.connect(database)) as connection:
        uris = [uri for (uri,) in connection.execute(f"{query} AND status = 'FINISHED'")]
    folders = [Path(uri.removeprefix("file://")) for uri in uris]
    names = ("config.yaml", "weights.npz", "predictions.json")
    return sum(
        any(not (folder / name).is_file() or not (folder / name).stat().st_size for name in names)
        for folder in folders
    )
