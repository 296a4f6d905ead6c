"""Locks of PostgreSQL: waiting for one can be interrupted and ends, and so does holding one."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from xorlab.errors import StoreError, printable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_PATIENCE = 120.0  # seconds to wait for a lock
_TRY = 0.25  # of these seconds at a time: drivers that wait do not see Ctrl-C
_SUSPENDED = "60s"  # after which the server ends a session that holds a lock and does nothing
_NOT_AVAILABLE = "55P03"
_RUNS = "LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"
# Sessions that keep others from that lock, with what PostgreSQL and they themselves call them.
_HOLDERS = """
SELECT DISTINCT a.pid, coalesce(host(a.client_addr), 'this host'), a.application_name, a.state
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.relation = to_regclass('runs') AND l.granted AND a.pid <> pg_backend_pid()
AND l.mode NOT IN ('AccessShareLock', 'RowShareLock') ORDER BY a.pid
"""


def lock_runs(connection: Connection) -> None:
    """Keep others from creating or ending runs until the transaction of a connection ends.

    If this process is suspended meanwhile, the server ends its session after a minute, which undoes
    the transaction: it would hold up all others for as long as it is suspended.

    Raises:
        StoreError: another session holds the lock, and does not end.
    """
    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{_SUSPENDED}'")
    # Who waits for this one is told its host and process.
    name = f"xorlab {socket.gethostname()[:40]} process {os.getpid()}".replace("'", "")
    connection.exec_driver_sql(f"SET LOCAL application_name = '{name}'")

    def attempt() -> bool:
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{1000 * _TRY:.0f}ms'")
                connection.exec_driver_sql(_RUNS)
        except Exception as error:
            if _state(error) != _NOT_AVAILABLE:
                raise
            return False
        return True

    _wait_for(attempt, "the table of its runs", lambda: _holders(connection))
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE:.0f}s'")


def lock_for_opening(connection: Connection, number: int) -> None:
    """Take an advisory lock, which is held until it is released or the session ends.

    Raises:
        StoreError: another session holds it, and does not end.
    """
    # A setting of PostgreSQL 14 and later, for the case that this process is suspended.
    connection.exec_driver_sql(
        f"SELECT set_config(name, '{_SUSPENDED}', false) FROM pg_settings "  # noqa: S608
        "WHERE name = 'idle_session_timeout'"
    )
    connection.exec_driver_sql(f"SET lock_timeout = '{_PATIENCE:.0f}s'")

    def attempt() -> bool:
        found = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({number})").scalar()
        connection.commit()
        if not found:
            time.sleep(_TRY)
        return bool(found)

    _wait_for(attempt, "the opening of it")


def release_after_opening(connection: Connection, number: int) -> None:
    """Release an advisory lock; the server has done so if it has ended the session."""
    with contextlib.suppress(Exception):
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({number})")


def _holders(connection: Connection) -> str:
    """Who holds a lock on the table of runs, in words."""
    found = connection.exec_driver_sql(_HOLDERS).fetchall()
    return "; ".join(
        f"session {pid} of {host} ({', '.join(filter(None, (name, state)))})"
        for pid, host, name, state in found
    )


def _wait_for(attempt: Callable[[], bool], what: str, who: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not attempt():
        if time.monotonic() > deadline:
            holders = who() or "PostgreSQL's view pg_stat_activity shows which it is"
            raise StoreError(
                f"another process has held a lock on the tracking store, on {what}, for "
                f"{_PATIENCE:.0f} s: {printable(holders)}. End it "
                "or wait, then start the same command again: what is recorded stays, and only the "
                "rest is trained"
            )


def _state(error: Exception) -> object:
    """The five characters with which PostgreSQL names an error; each driver has another name."""
    original = getattr(error, "orig", None)
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
