"""The address of a store, absolute: it means the same from every folder."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from xorlab.config.fields import MAX_NAME, is_name
from xorlab.config.paths import given_path
from xorlab.errors import ConfigError
from xorlab.system.credentials import HIDDEN, without_credentials

_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql")
_SQLITE = "sqlite:///"
DEFAULT_EXPERIMENT = "xorlab"

# Addresses with credentials that this process has opened, by their public form. A table of runs
# keeps only the public form, because pandas writes a table's attributes into every file; `resolve`
# turns it back.
_WITHHELD: dict[str, str] = {}


def resolve(uri: str | None, folder: Path | None = None) -> str:
    """The absolute address that a configured one means.

    Args:
        uri: value of `tracking.uri`; None for MLFLOW_TRACKING_URI, else mlflow.db in ``folder``.
        folder: what relative paths are relative to; None for the working directory.

    Raises:
        ConfigError: the address names no store or server that runs can be recorded in.
    """
    folder = (folder or Path.cwd()).absolute()
    given = uri or os.environ.get("MLFLOW_TRACKING_URI") or None
    key = "tracking.uri" if uri else "MLFLOW_TRACKING_URI"
    if given is None:
        return sqlite_address(folder / "mlflow.db")
    given = _WITHHELD.get(given, given)
    if f"{HIDDEN}@" in given or f"={HIDDEN}" in given:
        raise ConfigError(
            key, given, "the whole address: this one has its user name and password hidden"
        )
    if _scheme(given) not in _SCHEMES:
        is_path = ":" not in given and (given.endswith(".db") or "/" in given)
        raise ConfigError(
            key,
            given,
            "the address of a database or server, such as sqlite:////data/mlflow.db or "
            f"http://localhost:5000{f'; for this file, {_SQLITE}{given}' * is_path}",
        )
    if _scheme(given) == "sqlite":
        path, mark, _ = given.removeprefix(_SQLITE).partition("?")
        if not given.startswith(_SQLITE) or not path or path == ":memory:":
            raise ConfigError(key, given, "a database file, such as sqlite:////data/mlflow.db")
        if mark:
            raise ConfigError(
                key, given, "a database file without options; in the name of a file, ? is %3F"
            )
        return sqlite_address(folder / given_path(key, unquote(path)))
    if is_server(given):
        parts = urlsplit(given)
        if parts.query or parts.fragment:
            server = parts._replace(query="", fragment="").geturl().rstrip("/")
            raise ConfigError(
                key, given, f"the address of the server, without a page of its UI: {server}"
            )
    return given


def experiment_name(given: str | None) -> str:
    """The experiment that is meant: the one given, else MLFLOW_EXPERIMENT_NAME, else ``xorlab``.

    Raises:
        ConfigError: the variable has no name in one line.
    """
    if given is not None:
        return given
    named = os.environ.get("MLFLOW_EXPERIMENT_NAME") or DEFAULT_EXPERIMENT
    if not is_name(named):
        raise ConfigError("MLFLOW_EXPERIMENT_NAME", named, f"a name of at most {MAX_NAME} letters")
    return named


def sqlite_address(file: Path) -> str:
    """The address of the database in a file; the reverse of `database_file`.

    SQLAlchemy takes ``?`` for the beginning of options, and ``%20`` for a blank.
    """
    return _SQLITE + str(file).replace("%", "%25").replace("?", "%3F")


def database_file(uri: str) -> Path | None:
    """The file of an embedded store; None for any other address."""
    return Path(unquote(uri[len(_SQLITE) :])) if uri.startswith(_SQLITE) else None


def is_server(uri: str) -> bool:
    """Whether the address is that of a tracking server, not of a database."""
    return _scheme(uri) in ("http", "https")


def public_address(uri: str) -> str:
    """The address without user name and password, for messages and files.

    `resolve` turns it back into the whole address as long as this process lives.
    """
    public = without_credentials(uri)
    if public != uri:
        _WITHHELD[public] = uri
    return public


def _scheme(uri: str) -> str:
    """In lower case, without a driver; empty where the text cannot be an address."""
    if "\0" in uri or (not uri.isascii() and not _is_unicode(uri)):
        return ""
    try:
        parts = urlsplit(uri)
        _ = parts.hostname, parts.port  # raise where they are not valid
    except ValueError:
        return ""
    return parts.scheme.partition("+")[0]


def _is_unicode(text: str) -> bool:
    """Whether the text is valid: bytes that a command line cannot decode become surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


# Device and inode of a file; a file that replaces it under the same name has others.
FileId = tuple[int, int]


def file_id_of(uri: str) -> FileId | None:
    """Identity of the file of an embedded store; None for another address or a missing file."""
    file = database_file(uri)
    if file is None:
        return None
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
