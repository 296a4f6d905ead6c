"""PostgreSQL as a store: opened one after the other, with a driver that is there."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xorlab.errors import ConfigError, StoreError
from xorlab.tracking.store.address import shown
from xorlab.tracking.store.schema import EMPTY

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.orm import Session

_OPENING = zlib.crc32(b"xorlab opens a store")
_PATIENCE = 120  # seconds
_LONGEST = 200 - len(f"/{32 * 'f'}/artifacts")  # MLflow's column for where a run's artifacts are


def is_postgres(uri: str) -> bool:
    """Whether an address is one of PostgreSQL."""
    return urlsplit(uri).scheme.partition("+")[0] == "postgresql"


class PostgresSchema:
    """That of a database server; see `xorlab.tracking.store.schema.Schema`.

    Args:
        uri: its address.
        connection: to it, on which nothing is written.
    """

    def __init__(self, uri: str, connection: Connection) -> None:
        self._connection = connection
        self.told, self.save, self.uri = shown(uri), "Back it up", "ADDRESS"

    def revision(self) -> str | None:
        """The revision that it says it has; None where it does not say."""
        if not self._one("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"):
            return EMPTY
        if self._one("SELECT to_regclass('alembic_version')") is None:
            return None
        found = self._one("SELECT version_num FROM alembic_version")
        return None if found is None else str(found)

    def is_written(self) -> bool:
        """Whether somebody is in the middle of making or changing tables."""
        return bool(
            self._one(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND granted "
                "AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid() "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )

    def _one(self, query: str) -> object:
        try:
            return self._connection.exec_driver_sql(query).scalar()
        finally:
            self._connection.rollback()  # so that the next one sees what others have done since


@contextlib.contextmanager
def opened_alone(uri: str) -> Iterator[PostgresSchema]:
    """Within: no other xorlab opens this database, whose schema this is.

    MLflow makes tables and experiments without a lock: two that start at once would both find
    nothing there, and one of them would crash.

    Raises:
        StoreError: the driver is not installed.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    # MLflow would try ten times, for almost two minutes, where nobody answers.
    try:
        engine = create_engine(uri, poolclass=NullPool, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the tracking store {shown(uri)} needs a driver that is not installed ({error.name}): "
            "pip install 'xorlab[postgresql]'"
        ) from error
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{_PATIENCE}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_OPENING})")
        connection.commit()
        try:
            yield PostgresSchema(uri, connection)
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_OPENING})")


def record_alone(session: Session) -> None:
    """Until the session's transaction ends no run is made or ended by anybody else.

    Not by a server of MLflow in front of the database either: one that ended a run meanwhile would
    look for another of the same key before this transaction shows it.
    """
    session.connection().exec_driver_sql("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE")


def artifacts_place(named: str | None) -> str:
    """Where the artifacts of a new experiment go.

    Args:
        named: what `tracking.artifacts` says: a folder, or an address that MLflow knows.

    Raises:
        ConfigError: it says nothing: no folder would be the right one on every machine.
    """
    if named is None:
        raise ConfigError(
            "tracking.artifacts",
            None,
            "named for a new experiment in a database server: a folder that all machines of the "
            "team share, such as /srv/xorlab, or an address such as s3://bucket/xorlab",
        )
    place = named if "://" in named else Path(named).absolute().as_uri()
    return place.rstrip("/")


def shared_place(named: str | None, folder: str) -> str:
    """Where an experiment's artifacts go, in an address that fits where MLflow keeps it.

    Args:
        named: see `artifacts_place`.
        folder: of the experiment.

    Raises:
        ConfigError: nothing is named, or it is too long.
    """
    location = f"{artifacts_place(named)}/{folder}"
    if len(location) > _LONGEST:
        raise ConfigError(
            "tracking.artifacts",
            location,
            f"short: with the experiment's name at most {_LONGEST} characters",
        )
    return location
