"""Artifacts: where the files of runs are stored, and how they are written."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from xorlab.system.files import flush_file_system, write_whole
from xorlab.tracking.store.answers import refuse_location

if TYPE_CHECKING:
    from xorlab.tracking.store.store import Store

CONFIG_FILE = "config.yaml"


def put_artifacts(
    store: Store,
    run_id: str,
    uri: str,
    artifacts: Mapping[str, bytes | Path],
    below: str | None = None,
) -> None:
    """Store files with a run; on this machine's disk each appears complete or not at all.

    Args:
        store: where the run is.
        run_id: of the run.
        uri: where its artifacts are.
        artifacts: file name to content, or to a file that has it.
        below: the folder among its artifacts; None for the top.

    Raises:
        StoreError: a server names a place where the user does not let it write.
    """
    if not artifacts:
        return
    if not store.has_sql:
        refuse_location(store.uri, uri, store.artifacts)
    local = local_folder(uri)
    if local is not None:
        write_files(local / (below or ""), artifacts)
        return
    with tempfile.TemporaryDirectory(prefix="xorlab-") as folder:
        write_files(Path(folder), artifacts)
        store.client.log_artifacts(run_id, folder, below)


def put_files(
    store: Store, run_id: str, files: Mapping[str, bytes | Path], below: str | None = None
) -> None:
    """As `put_artifacts`, for a run of which only the id is known."""
    if files:
        uri = store.client.get_run(run_id).info.artifact_uri
        put_artifacts(store, run_id, uri, files, below)


def local_folder(uri: str) -> Path | None:
    """The folder that an artifact address names, if it is on this machine's disk."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    return Path(uri) if not parts.scheme else None


def has_files(folder: Path) -> bool:
    """Whether a run's folder has the configuration that each run is recorded with, not empty."""
    try:
        return (folder / CONFIG_FILE).stat().st_size > 0
    except OSError:
        return False


def write_files(folder: Path, files: Mapping[str, bytes | Path]) -> None:
    """Write files, or copies of them, into a folder; each appears complete or not at all.

    They survive a loss of power from then on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_whole(folder / name, content)
    flush_file_system(folder)
