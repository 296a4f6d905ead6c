"""The file of an embedded store: made whole, or not there at all."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from xorlab.tracking.store.client import client_of

_UNFINISHED = ".unfinished"


def make_database(file: Path) -> None:
    """Make MLflow's tables in a new database; the caller holds its lock.

    That takes seconds and dozens of steps. A process killed in between would leave a file which no
    MLflow can open, so it is done under another name, and the file appears when it is whole.
    """
    for left in file.parent.iterdir():
        if left.name.startswith(f"{file.name}.") and _UNFINISHED in left.name:
            left.unlink()
    # MLflow keeps what it has opened by its name, so no name is used twice.
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}{_UNFINISHED}")
    store = client_of(f"sqlite:///{new}")._tracking_client.store  # noqa: SLF001
    store.engine.dispose()
    with closing(sqlite3.connect(new)) as connection:
        # Readers may then read while a sweep writes; the setting stays with the file.
        connection.execute("PRAGMA journal_mode=WAL")
    new.replace(file)
