"""Locks of PostgreSQL: waiting for one can be interrupted and ends, and so does holding one."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from xorlab.errors import StoreError, causes, printable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

_PATIENCE = 120.0  # seconds to wait for a lock
_TRY = 0.25  # of these seconds at a time: drivers that wait do not see Ctrl-C
_SUSPENDED = 60.0  # seconds after which the server ends a session that could write and does nothing
# How the server, and drivers, call that.
ENDED_AS_IDLE = "idle-in-transaction timeout|IdleInTransactionSessionTimeout"


class SuspendedError(Exception):
    """The server has ended a session because this process was suspended within a transaction."""


_NOT_AVAILABLE = "55P03"
_RUNS = "LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"
# Sessions that keep others from that lock, with what PostgreSQL and they themselves call them.
_HOLDERS = """
SELECT DISTINCT a.pid, coalesce(host(a.client_addr), 'this host'), a.application_name, a.state
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.relation = to_regclass('runs') AND l.granted AND a.pid <> pg_backend_pid()
AND l.mode NOT IN ('AccessShareLock', 'RowShareLock') ORDER BY a.pid
"""


def end_when_suspended(engine: Engine) -> None:
    """Let the server end a session of this process that is suspended in a transaction.

    A run that is being created, or ended, locks the table of runs just as bulk recording does, and
    would hold up all others for as long as the process is suspended.
    """
    from sqlalchemy import event

    if not event.contains(engine, "begin", _limit):  # MLflow keeps one engine for an address
        event.listen(engine, "begin", _limit)


@contextlib.contextmanager
def ending_when_suspended() -> Iterator[None]:
    """While the block runs, the same for every engine of this process.

    MLflow changes the tables of a new database with an engine that it shows only afterwards.
    """
    from sqlalchemy import Engine, event

    def limit(connection: Connection) -> None:  # another one for each block, which removes it
        _limit(connection)

    event.listen(Engine, "begin", limit)
    try:
        yield
    finally:
        event.remove(Engine, "begin", limit)


def _limit(connection: Connection) -> None:
    connection.exec_driver_sql(
        f"SET LOCAL idle_in_transaction_session_timeout = '{_SUSPENDED:.0f}s'"
    )


def only_reads(connection: Connection) -> None:
    """Let a transaction take its time between statements: it holds up no other."""
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout TO DEFAULT")


class Suspensions:
    """While its block runs, notice by an error that the server has ended a suspended session.

    The server says why, but drivers may lose that: then they report a lost connection.
    """

    def __enter__(self) -> Suspensions:
        self.begin()
        return self

    def begin(self) -> None:
        """From now on, at most a moment passes before the server is asked for something."""
        self._since = time.monotonic()

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None:
            return
        found = list(causes(error))
        lost = any(getattr(one, "connection_invalidated", False) for one in found)
        if re.search(ENDED_AS_IDLE, " ".join(map(str, found))) or (
            lost and time.monotonic() - self._since >= _SUSPENDED
        ):
            raise SuspendedError("idle-in-transaction timeout") from error


def lock_runs(connection: Connection, each: Callable[[], None]) -> None:
    """Keep others from creating or ending runs until the transaction of a connection ends.

    Under the lock, statements must neither send nor fetch more than the network's buffers hold: a
    server that waits for its client within a statement does not end the session.

    Args:
        connection: in a transaction.
        each: called before each attempt.

    Raises:
        StoreError: another session holds the lock, and does not end.
    """
    # Who waits for this one is told its host and process.
    name = f"xorlab {socket.gethostname()[:40]} process {os.getpid()}".replace("'", "")
    connection.exec_driver_sql(f"SET LOCAL application_name = '{name}'")
    patiently(connection, _RUNS, each, lambda: _holders(connection))
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE:.0f}s'")


def patiently(
    connection: Connection,
    statement: str,
    each: Callable[[], None] = lambda: None,
    who: Callable[[], str] = str,
) -> None:
    """Execute a statement that may wait for a lock on the table of runs.

    Args:
        connection: in a transaction.
        statement: to execute.
        each: called before each attempt.
        who: names those that hold the lock.

    Raises:
        StoreError: another session holds the lock, and does not end.
    """

    def attempt() -> bool:
        each()
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{1000 * _TRY:.0f}ms'")
                connection.exec_driver_sql(statement)
        except Exception as error:
            if _state(error) != _NOT_AVAILABLE:
                raise
            return False
        return True

    _wait_for(attempt, "the table of its runs", who)


def lock_for_opening(connection: Connection, number: int) -> None:
    """Take an advisory lock, which is held until it is released or the session ends.

    Raises:
        StoreError: another session holds it, and does not end.
    """
    # For the case that this process is suspended; the first is there since PostgreSQL 14.
    connection.exec_driver_sql(
        f"SELECT set_config(name, '{_SUSPENDED:.0f}s', false) FROM pg_settings "  # noqa: S608
        "WHERE name IN ('idle_session_timeout', 'idle_in_transaction_session_timeout')"
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
