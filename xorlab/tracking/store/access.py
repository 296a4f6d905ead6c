"""How SQLite opens the file of a store: to write where that is allowed, else to read alone."""

from __future__ import annotations

import os
from pathlib import Path

from xorlab.errors import StoreError


def is_writable(file: Path) -> bool:
    """Whether this process may change a database: the file, and its folder for SQLite's log."""
    return all(os.access(one, os.W_OK, effective_ids=_EFFECTIVE) for one in (file, file.parent))


def connection_uri(file: Path) -> str:
    """The address under which SQLite opens a database that exists, and never makes a new one.

    A database that cannot be written is opened as one that nobody changes: SQLite would otherwise
    make a file beside it.

    Raises:
        StoreError: it cannot be written, and its newest rows are in a log that SQLite must merge.
    """
    address = file.absolute().as_uri()
    if is_writable(file):
        return f"{address}?mode=rw"
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"the store {file} cannot be written by this user, and a sweep is writing it or was "
            f"cut off: {log.name} holds rows that are not in it yet. Wait until the sweep has "
            "ended, or copy the folder to where you can write"
        )
    return f"{address}?mode=ro&immutable=1"


def check_writable(file: Path) -> None:
    """Refuse what needs more than reading.

    Raises:
        StoreError: the database cannot be written.
    """
    if not is_writable(file):
        raise StoreError(
            f"the store {file} can be read, but not written by this user. Tables, curves and "
            "weights can be loaded from it, without a filter in MLflow's language; xorlab-report "
            "needs --out FOLDER. For anything else, copy the folder to where you can write"
        )


_EFFECTIVE = os.access in os.supports_effective_ids
