"""The database behind a store, in plain SQL: SQLite without MLflow, others through SQLAlchemy."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from xorlab.errors import StoreError
from xorlab.tracking.store.access import connection_uri
from xorlab.tracking.store.address import sqlite_address
from xorlab.tracking.store.errors import explained, mlflow_errors
from xorlab.tracking.store.new_rows import NewRows, Row, Value
from xorlab.tracking.store.postgres_locks import Suspensions, lock_runs, only_reads
from xorlab.tracking.store.postgres_rows import insert_sent, send

if TYPE_CHECKING:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy.engine import Connection

_IN_ONE_LIST = 500
_CACHE = 64_000  # KiB at most; 500 runs of 200 points change 40,000
_PATIENCE = 120.0  # seconds to wait for other writers; SQLite keeps no queue
_TRY = 0.25  # of these seconds at a time


class Transaction(Protocol):
    """One transaction; it ends with the block that opened it, undone if that raises."""

    def rows(self, query: str, values: dict[str, Value] | None = None) -> Iterable[Row]:
        """Rows of a query in standard SQL, with ``:name`` for values and ``"key"`` for names."""

    def insert_new(self, but: Collection[str]) -> None:
        """Insert the rows with which the transaction was opened.

        Args:
            but: ids of runs whose rows are left out.
        """


class Database(Protocol):
    """Opens transactions.

    Attributes:
        kind: ``sqlite``, ``postgresql``, or another name that SQLAlchemy has for it.
    """

    kind: str

    def reading(self) -> AbstractContextManager[Transaction]:
        """A transaction that only reads."""

    def writing(self, new: Sequence[NewRows] = ()) -> AbstractContextManager[Transaction]:
        """A transaction that no other process's creation or end of a run can come between.

        Args:
            new: rows for `Transaction.insert_new`. A server has received them by the time at which
                the transaction keeps others out.
        """


class SqliteDatabase:
    """An SQLite file.

    Every transaction has its own connection, so a file that was replaced is noticed, and threads
    share nothing.

    Args:
        file: the database, which exists.
    """

    kind = "sqlite"

    def __init__(self, file: Path) -> None:
        self._file, self._uri = file, connection_uri(file)

    @contextlib.contextmanager
    def reading(self) -> Iterator[SqliteTransaction]:
        """A transaction that sees one state of the database.

        Raises:
            StoreError: the file is damaged, cannot be read, or is locked by another process.
        """
        try:
            with self._transaction("BEGIN", "SELECT 1 FROM sqlite_master") as transaction:
                yield transaction
        except (sqlite3.Error, UnicodeDecodeError) as error:
            text = explained(sqlite_address(self._file), error)
            if text is None:
                raise
            raise StoreError(f"cannot read the tracking store {text}") from error

    @contextlib.contextmanager
    def writing(self, new: Sequence[NewRows] = ()) -> Iterator[SqliteTransaction]:
        """A transaction that locks the database from its beginning."""
        # Else SQLite writes the pages of a large transaction several times.
        begin = f"PRAGMA cache_size = -{_CACHE}", "BEGIN IMMEDIATE"
        with self._transaction(*begin, new=new) as transaction:
            yield transaction

    @contextlib.contextmanager
    def _transaction(self, *begin: str, new: Sequence[NewRows] = ()) -> Iterator[SqliteTransaction]:
        connection = sqlite3.connect(
            self._uri, timeout=_TRY, isolation_level=None, uri=True, check_same_thread=False
        )
        # Closing undoes what is not committed, also where Ctrl-C arrives in between.
        with contextlib.closing(connection):
            for statement in begin:
                _patiently(connection, statement)
            connection.execute(f"PRAGMA busy_timeout = {1000 * _PATIENCE:.0f}")
            yield SqliteTransaction(connection, new)
            connection.execute("COMMIT")


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Execute a statement that waits for other writers, and can be interrupted meanwhile.

    While SQLite itself waits, Python sees no Ctrl-C: so it waits a moment at a time.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        else:
            return


class SqliteTransaction:
    """A transaction of an SQLite file; see `Transaction`."""

    def __init__(self, connection: sqlite3.Connection, new: Sequence[NewRows] = ()) -> None:
        self._connection, self._new = connection, new

    def rows(self, query: str, values: dict[str, Value] | None = None) -> Iterable[Row]:
        """Rows as they are found."""
        return self._connection.execute(query, values or {})

    def execute(self, statement: str, values: dict[str, Value]) -> int:
        """Execute a statement that changes rows; returns how many."""
        return self._connection.execute(statement, values).rowcount

    def insert_new(self, but: Collection[str]) -> None:
        """Insert table by table."""
        for one in self._new:
            self.insert(one.table, one.columns, one.without(but))

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
        """Insert rows by one prepared statement."""
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608


class SqlAlchemyDatabase:
    """Any database that MLflow's SQL store has opened."""

    def __init__(self, store: SqlAlchemyStore) -> None:
        self._store = store
        self.kind: str = store.engine.dialect.name

    @contextlib.contextmanager
    def reading(self) -> Iterator[SqlAlchemyTransaction]:
        """A session of MLflow's store."""
        with _errors_of_ours(), self._store.ManagedSessionMaker(read_only=True) as session:
            connection = session.connection()
            if connection.dialect.name == "postgresql":
                only_reads(connection)
            yield SqlAlchemyTransaction(connection)

    @contextlib.contextmanager
    def writing(self, new: Sequence[NewRows] = ()) -> Iterator[SqlAlchemyTransaction]:
        """A session that keeps every other process from creating or ending runs.

        An MLflow server in front of the database waits too: if it ended a run meanwhile, it would
        look for another one with the same key before this transaction shows it.
        """
        with (
            Suspensions() as suspensions,
            _errors_of_ours(),
            self._store.ManagedSessionMaker(read_only=False) as session,
        ):
            connection = session.connection()
            if connection.dialect.name == "postgresql":
                send(connection, new)
                lock_runs(connection, suspensions.begin)
            elif connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield SqlAlchemyTransaction(connection, new)


@contextlib.contextmanager
def _errors_of_ours() -> Iterator[None]:
    """Raise a message of ours as it is; MLflow's session makes every error one of its own."""
    try:
        yield
    except mlflow_errors() as error:
        if isinstance(error.__cause__, StoreError):
            raise error.__cause__ from None
        raise


class SqlAlchemyTransaction:
    """A transaction of another database; see `Transaction`."""

    def __init__(self, connection: Connection, new: Sequence[NewRows] = ()) -> None:
        self._connection, self._new = connection, new
        self._quote = connection.dialect.identifier_preparer.quote_identifier

    def rows(self, query: str, values: dict[str, Value] | None = None) -> Iterable[Row]:
        """Rows, fetched in one go."""
        from sqlalchemy import text

        quoted = re.sub(r'"(\w+)"', lambda found: self._quote(found[1]), query)
        found = self._connection.execute(text(quoted), values or {})
        return [tuple(row) for row in found]

    def insert_new(self, but: Collection[str]) -> None:
        """Insert what PostgreSQL has received."""
        insert_sent(self._connection, self._new, but)


def rows_in(
    transaction: Transaction,
    query: str,
    chosen: Sequence[str],
    values: dict[str, Value] | None = None,
) -> Iterator[Row]:
    """Rows of a query that ends with ``IN``, for some of the chosen values at a time."""
    for start in range(0, len(chosen), _IN_ONE_LIST):
        some = chosen[start : start + _IN_ONE_LIST]
        named: dict[str, Value] = {f"item{number}": one for number, one in enumerate(some)}
        listed = ", ".join(f":{name}" for name in named)
        yield from transaction.rows(f"{query} ({listed})", named | (values or {}))
