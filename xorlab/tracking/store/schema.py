"""The version of a database's tables: that of this MLflow, another one, or no tables yet."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from xorlab.errors import StoreError
from xorlab.tracking.store.address import sqlite_address
from xorlab.tracking.store.revisions import EMPTY, file_revision, newest_revision


@dataclass(frozen=True)
class Schema:
    """What a database says about its tables.

    Attributes:
        revision: of its tables; `EMPTY` where it has none, None where the tables do not say.
        address: of the database, without credentials.
        uri: for MLflow's own command; a placeholder where the address holds a password.
        backup: what to do before the tables are changed.
    """

    revision: str | None
    address: str
    uri: str
    backup: str


def check_schema(schema: Schema) -> None:
    """Check that a database has the tables that this MLflow knows, or none at all.

    MLflow itself would begin to change the tables of an older store as soon as it opens it, without
    a lock: two processes that do so at once leave a store that neither can open.

    Raises:
        StoreError: the tables are those of another MLflow, or are being changed.
    """
    newest = newest_revision()
    found = schema.revision
    if found in (newest, EMPTY):
        return
    if found is not None and found not in _older(newest):
        raise StoreError(
            f"the tracking store {schema.address} was made by a newer MLflow (schema revision "
            f"{found}; this one knows {newest}). Install that MLflow here, or choose another "
            "tracking.uri"
        )
    raise StoreError(
        f"the tracking store {schema.address} was made by an older MLflow (schema revision "
        f"{found}; this one needs {newest}), or is being migrated by another process. If it is, "
        "wait until that has ended, then start the same command again. Otherwise "
        f"{schema.backup}, then run `mlflow db upgrade {shlex.quote(schema.uri)}` once"
    )


def file_schema(file: Path) -> Schema:
    """The schema of an embedded store.

    Args:
        file: the database, which exists.

    Raises:
        sqlite3.Error: it is not a database, or cannot be read.
    """
    return Schema(file_revision(file), str(file), sqlite_address(file), "copy the file")


def _older(newest: str) -> set[str]:
    """All revisions that lead to the newest."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    config = _get_alembic_config(db_url="")  # type: ignore[no-untyped-call]
    script = ScriptDirectory.from_config(config)
    return {step.revision for step in script.walk_revisions("base", newest)}
