"""A store that was moved or copied with its files: where they are is recorded as absolute paths."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

from xorlab.tracking.store.artifacts import local_folder


def follow(file: Path) -> None:
    """Correct where the files of runs are, if they lie beside the store and not where it says.

    Nothing is changed unless files of recorded runs are found there. MLflow's UI reads the same
    addresses, so it finds the files too.

    Args:
        file: the database, which exists and has tables; the caller holds its lock.

    Raises:
        sqlite3.Error: it cannot be read or written.
    """
    with closing(sqlite3.connect(file, timeout=120.0, isolation_level=None)) as connection:
        for experiment, location, old in _elsewhere(connection, file.parent):
            query = "SELECT run_uuid, artifact_uri FROM runs WHERE experiment_id = ?"
            runs = [
                (run, uri.removeprefix(location))
                for run, uri in connection.execute(query, (experiment,))
                if uri and uri.startswith(f"{location}/")
            ]
            for new in _candidates(file.parent, old):
                came = [(run, rest) for run, rest in runs if _below(new, rest).exists()]
                if came:
                    moved = came if old.exists() else runs
                    _correct(connection, experiment, location, new, moved)
                    break


def _elsewhere(connection: sqlite3.Connection, folder: Path) -> list[tuple[int, str, Path]]:
    """Experiments whose files are on this machine's disk, and not below the folder of the store."""
    query = "SELECT experiment_id, rtrim(artifact_location, '/') FROM experiments"
    return [
        (number, location, old)
        for number, location in connection.execute(query)
        if location and (old := local_folder(location)) and not old.is_relative_to(folder)
    ]


def _candidates(folder: Path, old: Path) -> Iterator[Path]:
    """Folders below that of the store with the last parts of the old path, longest first."""
    for first in range(1, len(old.parts)):
        new = folder.joinpath(*old.parts[first:])
        if new.is_dir() and not (old.is_dir() and new.samefile(old)):
            yield new


def _below(folder: Path, rest: str) -> Path:
    return folder / unquote(rest).lstrip("/")


def _correct(
    connection: sqlite3.Connection,
    experiment: int,
    location: str,
    new: Path,
    runs: list[tuple[str, str]],
) -> None:
    address = new.as_uri() if location.startswith("file:") else str(new)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?",
        (address, experiment),
    )
    connection.executemany(
        "UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?",
        [(f"{address}{rest}", run) for run, rest in runs],
    )
    connection.execute("COMMIT")
