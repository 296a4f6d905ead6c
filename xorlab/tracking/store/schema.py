"""The tables of a database: of this MLflow, of another, or just being changed."""

from __future__ import annotations

import shlex
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Protocol

from xorlab.errors import StoreError

_STILL = 5.0  # seconds without a change, after which nobody is changing it
_PATIENCE = 120.0  # seconds to wait for somebody who is
EMPTY = "(no tables)"  # the revision of a new database


class Schema(Protocol):
    """What a database tells of its tables.

    Attributes:
        told: its address, as it may be shown.
        save: what to do before they are changed.
        uri: for MLflow's own command; a word for it where it may not be shown.
    """

    told: str
    save: str
    uri: str

    def revision(self) -> str | None:
        """The revision that it says it has; None where it does not say."""

    def is_written(self) -> bool:
        """Whether somebody is in the middle of changing it."""


def await_schema(schema: Schema) -> None:
    """See that a store has the tables that this MLflow knows, and wait for who is making them.

    MLflow itself would begin to change the tables of an older store as soon as it opens it, without
    a lock: two that do so at once leave a store that neither can open.

    Args:
        schema: of a database that exists.

    Raises:
        StoreError: it is of another MLflow, or still being changed after two minutes.
        sqlite3.Error, sqlalchemy.exc.SQLAlchemyError: it cannot be read at all.
    """
    from mlflow.store.db.utils import _get_latest_schema_revision

    newest: str = _get_latest_schema_revision()  # type: ignore[no-untyped-call]
    last = schema.revision()
    if last == newest:
        return
    if last not in (EMPTY, None, *_older(newest)):
        raise StoreError(
            f"the tracking store {schema.told} was made by a newer MLflow (schema revision {last}; "
            f"this one knows {newest}). Install that MLflow here, or choose another tracking.uri"
        )
    began = changed = time.monotonic()
    while time.monotonic() - changed < _STILL:
        if time.monotonic() - began > _PATIENCE:
            raise StoreError(
                f"the tracking store {schema.told} is being migrated by another process (schema "
                f"revision {last} so far). Wait until that has ended, then start the same command "
                "again"
            )
        time.sleep(0.2)
        now = schema.revision()
        if now == newest:
            return
        if now != last or schema.is_written():
            last, changed = now, time.monotonic()
    if last != EMPTY:
        raise StoreError(
            f"the tracking store {schema.told} was made by an older MLflow (schema revision "
            f"{last}; this one needs {newest}), or one that broke off. {schema.save}, then run "
            f"`mlflow db upgrade {shlex.quote(schema.uri)}` once"
        )


class FileSchema:
    """That of an embedded store.

    Args:
        file: the database, which exists.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.told, self.save, self.uri = str(file), "Copy the file", f"sqlite:///{file}"

    def revision(self) -> str | None:
        """See `Schema`; raises sqlite3.Error where it is no database, or cannot be read."""
        with closing(_connect(self._file)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if not names:
                return EMPTY
            if "alembic_version" not in names:
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])

    def is_written(self) -> bool:
        """Whether somebody is in the middle of writing."""
        with closing(_connect(self._file, timeout=0)) as connection:
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
