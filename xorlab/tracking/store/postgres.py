"""PostgreSQL as a store: opened by one process at a time."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xorlab.config.paths import given_path
from xorlab.errors import ConfigError, StoreError
from xorlab.tracking.store.address import public_address
from xorlab.tracking.store.postgres_locks import (
    ending_when_suspended,
    lock_for_opening,
    release_after_opening,
)
from xorlab.tracking.store.revisions import EMPTY
from xorlab.tracking.store.schema import Schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_OPENING = zlib.crc32(b"xorlab opens a store")
_LONGEST = 200 - len(f"/{32 * 'f'}/artifacts")  # MLflow's column for where a run's artifacts are


def is_postgres(uri: str) -> bool:
    """Whether an address names a PostgreSQL database."""
    return urlsplit(uri).scheme.partition("+")[0] == "postgresql"


@contextlib.contextmanager
def exclusively_opened(uri: str) -> Iterator[Schema]:
    """Keep other xorlab processes from opening this database while the block runs.

    MLflow makes tables and experiments without a lock: of two processes that start at once, both
    would find nothing there, and one would crash.

    Yields:
        the schema that the database has at the beginning.

    Raises:
        StoreError: the driver is not installed.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    # MLflow would try ten times, for almost two minutes, to reach a server that does not answer.
    try:
        engine = create_engine(uri, poolclass=NullPool, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the tracking store {public_address(uri)} needs a driver that is not installed "
            f"({error.name}): pip install 'xorlab[postgresql]'"
        ) from error
    with engine.connect() as connection:
        lock_for_opening(connection, _OPENING)
        try:
            revision = _revision(connection)
            with ending_when_suspended():
                yield Schema(revision, public_address(uri), "ADDRESS", "back it up")
        finally:
            release_after_opening(connection, _OPENING)


def _revision(connection: Connection) -> str | None:
    def first(query: str) -> object:
        return connection.exec_driver_sql(query).scalar()

    try:
        if not first("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"):
            return EMPTY
        if first("SELECT to_regclass('alembic_version')") is None:
            return None
        found = first("SELECT version_num FROM alembic_version")
        return None if found is None else str(found)
    finally:
        connection.rollback()  # releases the tables that were read, which MLflow may change


def artifacts_address(folder: str | None) -> str:
    """Where the artifacts of a new experiment go.

    Args:
        folder: the value of `tracking.artifacts`: a folder, or an address that MLflow knows.

    Raises:
        ConfigError: it is not set: no default folder would be right on every machine.
    """
    if folder is None:
        raise ConfigError(
            "tracking.artifacts",
            None,
            "named for a new experiment in a database server: a folder that all machines of the "
            "team share, such as /srv/xorlab, or an address such as s3://bucket/xorlab",
        )
    path = given_path("tracking.artifacts", folder)
    address = folder if "://" in folder else path.absolute().as_uri()
    return address.rstrip("/")


def experiment_artifacts(folder: str | None, name: str) -> str:
    """Where an experiment's artifacts go, in an address short enough for MLflow's column.

    Args:
        folder: see `artifacts_address`.
        name: of the experiment's own folder.

    Raises:
        ConfigError: the folder is not set, or the address is too long.
    """
    location = f"{artifacts_address(folder)}/{name}"
    if len(location) > _LONGEST:
        raise ConfigError(
            "tracking.artifacts",
            location,
            f"short: with the experiment's name at most {_LONGEST} characters",
        )
    return location
