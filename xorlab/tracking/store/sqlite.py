"""The file of an embedded store, which appears complete or not at all."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from xorlab.tracking.store.address import sqlite_address
from xorlab.tracking.store.client import client_of

_UNFINISHED = ".unfinished"


def make_database(file: Path) -> None:
    """Create a new database with MLflow's tables; the caller holds its lock.

    That takes seconds and dozens of steps. A process killed in between would leave a file that
    MLflow cannot open, so the file is made under another name and renamed when it is complete.
    """
    for left in file.parent.iterdir():
        if left.name.startswith(f"{file.name}.") and _UNFINISHED in left.name:
            left.unlink()
    # MLflow caches engines by address, so each attempt uses a new name.
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    store = client_of(sqlite_address(new))._tracking_client.store  # noqa: SLF001
    store.engine.dispose()
    with closing(sqlite3.connect(new)) as connection:
        # Others can then read while a sweep writes; the setting stays with the file.
        connection.execute("PRAGMA journal_mode=WAL")
    new.replace(file)
