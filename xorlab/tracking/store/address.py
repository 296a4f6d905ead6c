"""Where runs are recorded: an address, spelt so that it means the same from every folder."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from xorlab.errors import ConfigError
from xorlab.system.credentials import HIDDEN, without_credentials

_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql")
_SQLITE = "sqlite:///"

# Addresses with credentials that this process has opened, by what may be shown of them: a table of
# runs keeps only that, since pandas writes what it keeps into every file, and is read on all the
# same.
_WITHHELD: dict[str, str] = {}


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
    given = _WITHHELD.get(given, given)
    if f"{HIDDEN}@" in given or f"={HIDDEN}" in given:
        raise ConfigError(
            key, given, "the whole address: this one has its user name and password hidden"
        )
    if _scheme(given) not in _SCHEMES:
        raise ConfigError(
            key,
            given,
            "the address of a database or server, such as sqlite:////data/mlflow.db or "
            "http://localhost:5000",
        )
    if _scheme(given) == "sqlite":
        path = given[len(_SQLITE) :].partition("?")[0] if given.startswith(_SQLITE) else ""
        if not path or path == ":memory:":
            raise ConfigError(key, given, "a database file, such as sqlite:////data/mlflow.db")
        return f"{_SQLITE}{folder / path}"
    return given


def database_file(uri: str) -> Path | None:
    """The file of an embedded store; None for any other address."""
    return Path(uri[len(_SQLITE) :]) if uri.startswith(_SQLITE) else None


def is_server(uri: str) -> bool:
    """Whether the address is that of a tracking server, not of a database."""
    return _scheme(uri) in ("http", "https")


def shown(uri: str) -> str:
    """The address for people and files: without a user name or password.

    `resolve` knows what was left out, as long as this process lives.
    """
    told = without_credentials(uri)
    if told != uri:
        _WITHHELD[told] = uri
    return told


def _scheme(uri: str) -> str:
    """Lower case, without a driver; empty where the text is no address that could be opened."""
    if "\0" in uri or (not uri.isascii() and not _is_unicode(uri)):
        return ""
    try:
        parts = urlsplit(uri)
        _ = parts.hostname, parts.port  # raise for what is no host or port
    except ValueError:
        return ""
    return parts.scheme.partition("+")[0]


def _is_unicode(text: str) -> bool:
    """Whether it is text: what a command line cannot decode comes in as surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


# Of a file: the device it is on and its number there; a file made anew under the name has another.
FileId = tuple[int, int]


def file_id_of(uri: str) -> FileId | None:
    """Which file an embedded store is now; None for any other address, or where there is none."""
    file = database_file(uri)
    if file is None:
        return None
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_dev, told.st_ino
