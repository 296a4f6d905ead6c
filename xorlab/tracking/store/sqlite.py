"""The file of an embedded store, which appears complete or not at all."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from xorlab.system.clock import now
from xorlab.system.files import flush_file_system, write_whole
from xorlab.system.user_cache import user_cache
from xorlab.tracking.store.address import sqlite_address
from xorlab.tracking.store.client import mlflow_client
from xorlab.tracking.store.revisions import newest_revision

_UNFINISHED = ".unfinished"
_BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database


def make_database(file: Path) -> None:
    """Create a new database with MLflow's tables; the caller holds its lock.

    MLflow takes seconds and dozens of steps for that. A process killed in between would leave a
    file that MLflow cannot open, so the file is made under another name and renamed when it is
    complete. An empty store is kept in the user's cache folder, and copied from then on.
    """
    for left in file.parent.iterdir():
        if left.name.startswith(f"{file.name}.") and _UNFINISHED in left.name:
            left.unlink()
    # MLflow caches engines by address, so each attempt uses a new name.
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    kept = _kept_store()
    if kept is None or not _copy(kept, new):
        _migrated(new)
        if kept is not None:
            with contextlib.suppress(OSError):  # the cache may be read-only or full
                kept.parent.mkdir(parents=True, exist_ok=True)
                write_whole(kept, new)
    flush_file_system(file.parent)  # a loss of power must not leave its name without its content
    # What a database that was removed has left would be read as changes of the new one.
    for ending in _BESIDE:
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)
    new.replace(file)


def _migrated(new: Path) -> None:
    """Let MLflow make its tables, which takes seconds."""
    store = mlflow_client(sqlite_address(new))._tracking_client.store  # noqa: SLF001
    store.engine.dispose()
    with closing(sqlite3.connect(new)) as connection:
        # Others can then read while a sweep writes; the setting stays with the file.
        connection.execute("PRAGMA journal_mode=WAL")


def _kept_store() -> Path | None:
    """Where the empty store of the installed MLflow is kept; None where there is no cache."""
    folder = user_cache()
    name = f"store-mlflow-{version('mlflow')}-{newest_revision()}.db"
    return None if folder is None else folder / name


def _copy(kept: Path, new: Path) -> bool:
    """Copy an empty store and make it this folder's; whether that is now a sound store."""
    try:
        write_whole(new, kept)
        with closing(sqlite3.connect(new)) as connection:
            if not _is_sound(connection):
                raise sqlite3.DatabaseError
            # As MLflow would have made it here and now.
            connection.execute(
                "UPDATE experiments SET artifact_location = ?, creation_time = ?, "
                "last_update_time = ?",
                (str(Path.cwd() / "mlruns" / "0"), now(), now()),
            )
            connection.commit()
        return True
    except (OSError, sqlite3.Error):
        new.unlink(missing_ok=True)
        return False


def _is_sound(connection: sqlite3.Connection) -> bool:
    """Whether a database is whole, has the newest tables and the default experiment, and no run."""

    def found(query: str) -> list[tuple[object, ...]]:
        return connection.execute(query).fetchall()

    return (
        found("PRAGMA integrity_check") == [("ok",)]
        and found("SELECT version_num FROM alembic_version") == [(newest_revision(),)]
        and found("SELECT experiment_id, name, lifecycle_stage FROM experiments")
        == [(0, "Default", "active")]
        and found("SELECT count(*) FROM runs") == [(0,)]
        and found("PRAGMA journal_mode") == [("wal",)]
    )
