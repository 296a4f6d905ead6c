"""What can go wrong with a store while it is written: the cause, and what to do next."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.errors import StoreError, causes
from xorlab.system.credentials import without_those_of
from xorlab.system.logs import quiet_logger
from xorlab.tracking.store.address import database_file, file_id_of, shown

if TYPE_CHECKING:
    from xorlab.tracking.store.store import Store


_AGAIN = "then start the same command again: what is recorded stays, and only the rest is trained"
# What drivers and systems say, what it means, and what helps.
_CAUSES = (
    (
        r"database or disk is full|No space left on device|Disk quota exceeded",
        "the disk is full",
        f"Free some space, {_AGAIN}",
    ),
    (
        r"readonly database|Read-only file system|Permission denied(?! for)"
        r"|unable to open database file",
        "it cannot be written: it is read-only, or belongs to somebody else",
        f"Make its folder writable or choose another tracking.uri, {_AGAIN}",
    ),
    (
        r"database is locked",
        "another process keeps it locked",
        f"Wait until that has ended, {_AGAIN}",
    ),
    (
        r"file is not a database|database disk image is malformed",
        "its file is no SQLite database, or a damaged one",
        "Choose another tracking.uri, or put a copy of the file back that is whole",
    ),
    (
        r"disk I/O error|Input/output error|Stale file handle",
        "its disk cannot be read or written",
        f"Look after the disk, {_AGAIN}",
    ),
    (
        r"password authentication failed|no password supplied|role .* does not exist"
        r"|permission denied for \w+|database .* does not exist",
        "the database server does not let this user in",
        "Look at user and database of tracking.uri, and at the password in ~/.pgpass or "
        f"PGPASSWORD, {_AGAIN}",
    ),
    (
        r"server closed the connection|terminating connection|could not connect|Connection refused"
        r"|connection to server .* failed|connection already closed|no connection to the server"
        r"|connection has been closed unexpectedly|could not receive data from server"
        r"|the database system is (?:starting up|shutting down|not yet accepting|in recovery)",
        "the database server does not answer",
        f"See that it runs, {_AGAIN}",
    ),
)


def check_there(store: Store) -> None:
    """See that the file of an embedded store is still the one that was opened.

    SQLite goes on writing into a file that somebody has removed, and nobody would ever find it.

    Raises:
        StoreError: it is not.
    """
    file = database_file(store.uri)
    if file is None or (store.identity is not None and file_id_of(store.uri) == store.identity):
        return
    raise StoreError(
        f"the tracking store {file} was removed, moved or replaced while it was in use, and what "
        "it held went with it. Put it back if it was moved, then start the same command again: "
        "it trains what is not in the store"
    )


@contextlib.contextmanager
def explained_errors(store: Store) -> Iterator[None]:
    """Within: the store is written; what goes wrong with it is told with its cause.

    Raises:
        StoreError: the disk is full, the store is gone, or another of the causes known here.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    check_there(store)
    try:
        # MLflow logs every error of a database with its traceback, and raises it as well.
        with quiet_logger("mlflow.store.db.utils", logging.CRITICAL):
            yield
    except StoreError:
        raise
    except (MlflowException, SQLAlchemyError, OSError) as error:
        check_there(store)
        told = explained(store.uri, error)
        if told is None:
            raise
        raise StoreError(f"cannot record in the tracking store {told}") from error
    check_there(store)


def release_frames(error: BaseException) -> None:
    """Give up what the frames of an error hold.

    Ctrl-C may come anywhere, in the middle of a transaction too. Its session lives as long as the
    traceback does, and would keep the database locked against what is still to be written.
    """
    for one in causes(error):
        traceback.clear_frames(one.__traceback__)
    gc.collect()  # connections and their transactions know each other


def explained(uri: str, error: BaseException) -> str | None:
    """The store with cause and next step; None for an error of another kind."""
    text = " ".join(map(str, causes(error)))
    for pattern, cause, step in _CAUSES:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            said = without_those_of(uri, found[0])
            return f"{shown(uri)}: {cause} ({said}{_where(error)}). {step}"
    return None


def _where(error: BaseException) -> str:
    """The file or folder that the system complained about."""
    for one in causes(error):
        if isinstance(one, OSError) and one.filename is not None:
            return f": {Path(os.fsdecode(one.filename)).parent}"
    return ""
