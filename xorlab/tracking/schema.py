"""The tables of an embedded store: of this MLflow, of another, or just being changed."""

from __future__ import annotations

import shlex
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from xorlab.errors import StoreError

_STILL = 5.0  # seconds without a change, after which nobody is changing it
_PATIENCE = 120.0  # seconds to wait for somebody who is
_EMPTY = "(no tables)"


def await_schema(file: Path) -> None:
    """See that a store has the tables that this MLflow knows, and wait for who is making them.

    MLflow itself would begin to change the tables of an older store as soon as it opens it, without
    a lock: two that do so at once leave a store that neither can open.

    Args:
        file: the database, which exists.

    Raises:
        StoreError: it is of another MLflow, or still being changed after two minutes.
        sqlite3.Error: it cannot be read at all.
    """
    from mlflow.store.db.utils import _get_latest_schema_revision

    newest: str = _get_latest_schema_revision()  # type: ignore[no-untyped-call]
    last = revision_of(file)
    if last == newest:
        return
    if last not in (_EMPTY, None, *_older(newest)):
        raise StoreError(
            f"the tracking store {file} was made by a newer MLflow (schema revision {last}; this "
            f"one knows {newest}). Install that MLflow here, or choose another tracking.uri"
        )
    began = changed = time.monotonic()
    while time.monotonic() - changed < _STILL:
        if time.monotonic() - began > _PATIENCE:
            raise StoreError(
                f"the tracking store {file} is being migrated by another process (schema revision "
                f"{last} so far). Wait until that has ended, then start the same command again"
            )
        time.sleep(0.2)
        now = revision_of(file)
        if now == newest:
            return
        if now != last or _is_written(file):
            last, changed = now, time.monotonic()
    if last != _EMPTY:
        raise StoreError(
            f"the tracking store {file} was made by an older MLflow (schema revision {last}; this "
            f"one needs {newest}), or one that broke off. Copy the file, then run "
            f"`mlflow db upgrade {shlex.quote(f'sqlite:///{file}')}` once"
        )


def revision_of(file: Path) -> str | None:
    """The revision that a store says it has; None where it does not say.

    Raises:
        sqlite3.Error: it is no database, or cannot be read.
    """
    with closing(_connect(file)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not names:
            return _EMPTY
        if "alembic_version" not in names:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _is_written(file: Path) -> bool:
    """Whether somebody is in the middle of writing."""
    with closing(_connect(file, timeout=0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.rollback()
    return False


def _connect(file: Path, timeout: float = 30.0) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=timeout, isolation_level=None)


def _older(newest: str) -> set[str]:
    """All revisions that lead to the newest."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    config = _get_alembic_config(db_url="")  # type: ignore[no-untyped-call]
    script = ScriptDirectory.from_config(config)
    return {step.revision for step in script.walk_revisions("base", newest)}
