"""Where runs are recorded: an address, spelt so that it means the same from every folder."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from xorlab.errors import ConfigError

_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql")
_SQLITE = "sqlite:///"


def resolve(uri: str | None, folder: Path | None = None) -> str:
    """The address that a configured one means, absolute.

    Args:
        uri: what `tracking.uri` says; None for MLFLOW_TRACKING_URI, else mlflow.db in ``folder``.
        folder: what relative paths are relative to; None for the working directory.

    Raises:
        ConfigError: the address names no store or server that runs can be recorded in.
    """
    folder = (folder or Path.cwd()).absolute()
    given = uri or os.environ.get("MLFLOW_TRACKING_URI") or None
    key = "tracking.uri" if uri else "MLFLOW_TRACKING_URI"
    if given is None:
        return f"{_SQLITE}{folder / 'mlflow.db'}"
    scheme = urlsplit(given).scheme.partition("+")[0]
    if scheme not in _SCHEMES:
        raise ConfigError(
            key,
            given,
            "the address of a database or server, such as sqlite:////data/mlflow.db or "
            "http://localhost:5000",
        )
    if scheme == "sqlite":
        path = given[len(_SQLITE) :].partition("?")[0] if given.startswith(_SQLITE) else ""
        if not path or path == ":memory:":
            raise ConfigError(key, given, "a database file, such as sqlite:////data/mlflow.db")
        return f"{_SQLITE}{folder / path}"
    return given


def database_file(uri: str) -> Path | None:
    """The file of an embedded store; None for any other address."""
    return Path(uri[len(_SQLITE) :]) if uri.startswith(_SQLITE) else None


def shown(uri: str) -> str:
    """The address for people to read: without a password."""
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{host}"))
