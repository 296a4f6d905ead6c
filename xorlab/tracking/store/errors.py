"""Errors of a store that is being written, with their cause and the next step."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import re
import shutil
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.errors import StoreError, causes
from xorlab.system.credentials import without_those_of
from xorlab.system.logs import quiet_logger
from xorlab.tracking.store.address import database_file, file_id_of, is_server, public_address
from xorlab.tracking.store.postgres_locks import ENDED_AS_IDLE, SuspendedError
from xorlab.tracking.store.refusals import refusal

if TYPE_CHECKING:
    from xorlab.tracking.store.store import Store


_AGAIN = "then start the same command again: what is recorded stays, and only the rest is trained"
_ROOM = 1 << 20  # bytes: a disk with less is full
# Where a cause belongs: a word such as "permission denied" means another thing in each.
_FILE, _DATABASE, _DISK = "file", "database", "disk"
# Where it belongs, what drivers and systems report, what it means, and what to do.
_CAUSES = (
    (
        (_FILE, _DATABASE, _DISK),
        r"database or disk is full|No space left on device|Disk quota exceeded",
        "the disk is full",
        f"Free some space, {_AGAIN}",
    ),
    (
        (_FILE, _DISK),
        r"readonly database|Read-only file system|Permission denied|unable to open database file",
        "it cannot be written: it is read-only, or belongs to another user",
        f"Make its folder writable or choose another tracking.uri, {_AGAIN}",
    ),
    (
        (_FILE,),
        r"database is locked",
        "another process has locked it",
        f"Wait until that process has ended, {_AGAIN}",
    ),
    (
        (_FILE,),
        r"file is not a database|database disk image is malformed|malformed database schema"
        r"|Could not decode to UTF-8|codec can't decode byte",
        "its file is not an SQLite database, or is damaged",
        "Choose another tracking.uri, or restore an intact copy of the file: remove first the file "
        "itself and those beside it whose names go on with -wal or -shm, which SQLite would read "
        "as changes of the copy",
    ),
    (
        (_FILE, _DISK),
        r"disk I/O error|Input/output error|Stale file handle",
        "its disk cannot be read or written",
        f"Check the disk, {_AGAIN}",
    ),
    (
        (_DATABASE,),
        r"password authentication failed|no password supplied|role .* does not exist"
        r"|permission denied for \w+|database .* does not exist|Access denied for user",
        "the database server does not let this user in",
        "Check user and database of tracking.uri, and the password in ~/.pgpass or "
        f"PGPASSWORD, {_AGAIN}",
    ),
    (
        (_DATABASE,),
        ENDED_AS_IDLE,
        "this process was suspended for a minute while it recorded, and would have held up others",
        f"Let it run, {_AGAIN}",
    ),
    (
        (_DATABASE,),
        r"server closed the connection|terminating connection|could not connect|Connection refused"
        r"|connection to server .* failed|connection already closed|no connection to the server"
        r"|connection has been closed unexpectedly|could not receive data from server"
        r"|the database system is (?:starting up|shutting down|not yet accepting|in recovery)",
        "the database server does not answer",
        f"Check that it runs, {_AGAIN}",
    ),
)


def check_there(store: Store) -> None:
    """Check that the file of an embedded store is still the one that was opened.

    SQLite keeps writing into a file that was removed, where the runs would be lost.

    Raises:
        StoreError: the file was removed, moved or replaced.
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
    """Turn errors of the block, which writes to the store, into messages with cause and next step.

    Raises:
        StoreError: the disk is full, the store is gone, or another of the causes known here.
    """
    check_there(store)
    try:
        # MLflow not only raises an error of the database, but also logs it with its traceback.
        with quiet_logger("mlflow.store.db.utils", logging.CRITICAL):
            yield
    except StoreError:
        check_there(store)
        raise
    except store_errors(OSError) as error:
        check_there(store)
        text = explained(store.uri, error)
        if text is None:
            raise
        raise StoreError(f"cannot record in the tracking store {text}") from error
    check_there(store)


def mlflow_errors(*others: type[Exception]) -> tuple[type[Any], ...]:
    """MLflow's exception and others; without MLflow's where nothing has imported it yet."""
    return (*_exception("mlflow.exceptions", "MlflowException"), *others)


def store_errors(*others: type[Exception]) -> tuple[type[Any], ...]:
    """The same, with the exceptions of databases; a damaged one may hold text that is not UTF-8."""
    ours = UnicodeDecodeError, SuspendedError
    databases = sqlite3.Error, *ours, *_exception("sqlalchemy.exc", "SQLAlchemyError")
    return mlflow_errors(*databases, *others)


def _exception(module: str, name: str) -> tuple[type[Any], ...]:
    found = getattr(sys.modules.get(module), name, None)
    return () if found is None else (found,)


def release_frames(error: BaseException) -> None:
    """Free the local variables of the frames in an error's traceback.

    Ctrl-C may arrive in the middle of a transaction. Its session would live as long as the
    traceback, and keep the database locked for what is still to be written.
    """
    for one in causes(error):
        traceback.clear_frames(one.__traceback__)
    if "sqlalchemy" in sys.modules:  # its connections and transactions refer to each other
        gc.collect()


def explained(uri: str, error: BaseException) -> str | None:
    """A message with the store, the cause and the next step; None for an unknown error."""
    if is_server(uri) and (refused := refusal(error)) is not None:
        cause, quoted, step = refused
        return f"{public_address(uri)}: {cause} ({without_those_of(uri, quoted)}). {step}"
    for kind, text in _texts(uri, error):
        for kinds, pattern, cause, step in _CAUSES:
            found = re.search(pattern, text, re.IGNORECASE) if kind in kinds else None
            if found:
                quoted = without_those_of(uri, found[0])
                return f"{public_address(uri)}: {cause} ({quoted}{_where(error)}). {step}"
    return None


def _texts(uri: str, error: BaseException) -> Iterator[tuple[str, str]]:
    """Where an error comes from, with what it says: the store, or this machine's disk."""
    if not is_server(uri):
        file = database_file(uri)
        text = " ".join(map(str, causes(error)))
        if file is not None and "disk I/O error" in text and _is_full(file.parent):
            text = "database or disk is full"  # SQLite cannot enlarge the file that it shares
        yield _DATABASE if file is None else _FILE, text
    for one in causes(error):
        if isinstance(one, OSError) and one.filename is not None:
            yield _DISK, str(one)


def _is_full(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < _ROOM
    return False


def _where(error: BaseException) -> str:
    """The folder that an error of the operating system is about."""
    for one in causes(error):
        if isinstance(one, OSError) and one.filename is not None:
            return f": {Path(os.fsdecode(one.filename)).parent}"
    return ""
