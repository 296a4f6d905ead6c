"""Rows that PostgreSQL receives before a lock is taken, and inserts while it is held.

While a COPY waits for its client, PostgreSQL ends no session, however long that takes: a process
that is suspended in the middle of one would keep its locks. So rows are copied to temporary tables
first, and under the lock there are only statements for which the server needs nothing more.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from xorlab.tracking.store.new_rows import RUN_ID, NewRows, Value
from xorlab.tracking.store.postgres_locks import patiently

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def send(connection: Connection, new: Sequence[NewRows]) -> None:
    """Copy rows to temporary tables, which are emptied when the transaction ends."""
    for one in new:
        names, sent = _names(one), _sent(one)
        like = f"SELECT {names} FROM {one.table} WITH NO DATA"  # noqa: S608
        create = f"CREATE TEMPORARY TABLE IF NOT EXISTS {sent} ON COMMIT DELETE ROWS AS {like}"
        patiently(connection, create)
        _copy(connection, f"COPY {sent} ({names}) FROM STDIN", _text(one))


def insert_sent(connection: Connection, new: Sequence[NewRows], but: Collection[str]) -> None:
    """Insert the rows that were sent, but for those of some runs, by id."""
    for one in new:
        names = _names(one)
        statement = f"INSERT INTO {one.table} ({names}) SELECT {names} FROM {_sent(one)}"  # noqa: S608
        if but:
            statement += f" WHERE NOT {RUN_ID} = ANY(%s)"
        connection.exec_driver_sql(statement, (list(but),) if but else None)


def _sent(new: NewRows) -> str:
    return f"pg_temp.xorlab_new_{new.table}"


def _names(new: NewRows) -> str:
    return ", ".join(f'"{column}"' for column in new.columns)


def _copy(connection: Connection, statement: str, text: str) -> None:
    with contextlib.closing(connection.connection.cursor()) as cursor:
        if connection.dialect.driver == "psycopg":
            with cursor.copy(statement) as copy:
                copy.write(text)
        else:
            cursor.copy_expert(statement, io.StringIO(text))


def _text(new: NewRows) -> str:
    """Rows in the text format of COPY."""
    return "".join("\t".join(map(_copied, row)) + "\n" for row in new.rows)


def _copied(value: Value) -> str:
    if value is None:
        return "\\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else repr(value)
