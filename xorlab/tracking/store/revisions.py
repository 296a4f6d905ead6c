"""Schema revisions of MLflow's tables, read from its migrations without importing it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from xorlab.tracking.store.access import connection_uri

EMPTY = "(no tables)"  # the revision of a new database

# Those whose rows xorlab reads and writes itself; tests compare them with what MLflow does. A store
# of another revision is left to MLflow.
KNOWN_REVISIONS = frozenset({"dc11669786a5"})

_REVISION = re.compile(r"^(down_)?revision\b[^=\n]*=(.*)$", re.MULTILINE)
_NAME = re.compile(r"[\"'](\w+)[\"']")


@cache
def newest_revision() -> str:
    """The revision that the installed MLflow gives to new stores."""
    found, followed = set[str](), set[str]()
    for path in _migrations():
        for older, value in _REVISION.findall(path.read_text("utf-8")):
            (followed if older else found).update(_NAME.findall(value))
    heads = found - followed
    if len(heads) == 1:
        return heads.pop()
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())  # type: ignore[no-untyped-call]


def is_known(revision: str | None) -> bool:
    """Whether xorlab may read and write a store of this revision itself."""
    return revision in KNOWN_REVISIONS and revision == newest_revision()


def file_revision(file: Path) -> str | None:
    """The revision of an SQLite file's tables; `EMPTY` without tables, None if they do not say.

    Raises:
        sqlite3.Error: it is not a database, or cannot be read.
    """
    opened = sqlite3.connect(connection_uri(file), timeout=30.0, isolation_level=None, uri=True)
    with closing(opened) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not names:
            return EMPTY
        if "alembic_version" not in names:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _migrations() -> list[Path]:
    package = find_spec("mlflow")
    folders = package.submodule_search_locations if package is not None else None
    return [
        path
        for folder in folders or ()
        for path in Path(folder, "store", "db_migrations", "versions").glob("*.py")
    ]
