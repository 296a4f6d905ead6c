"""Files of data that a configuration names: read whole, within bounds, and hashed."""

from __future__ import annotations

import difflib
import hashlib
from itertools import islice
from pathlib import Path

from xorlab.errors import ConfigError

MAX_BYTES = 64 * 2**20
_MOST_BESIDE = 1000  # names in a folder that are looked at


def read_file(key: str, path: Path) -> bytes:
    """The content of a file of at most `MAX_BYTES`.

    Args:
        key: the configuration key that names the file, for messages.
        path: of the file.

    Raises:
        ConfigError: there is no such file, it cannot be read, or it is too large.
    """
    try:
        if not path.is_file():  # a device or a pipe would never end
            raise ConfigError(key, path, _no_file(path))
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(key, path, f"a file that can be read ({error})") from error
    if len(content) > MAX_BYTES:
        raise ConfigError(key, path, f"a file of at most {MAX_BYTES // 2**20} MiB")
    return content


def _no_file(path: Path) -> str:
    """What is allowed where a path names no file, and what may have been meant."""
    if path.is_dir():
        return "a file (this is a folder; name a file in it)"
    if path.exists():
        return "a file (this is a device or a pipe)"
    beside = [one.name for one in islice(path.absolute().parent.glob("*"), _MOST_BESIDE)]
    meant = difflib.get_close_matches(path.name, beside, n=1)
    guess = f"; did you mean {path.with_name(meant[0])}?" if meant else ""
    return f"an existing file (looked for {path.absolute()}){guess}"


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal: the identity of data, wherever it lies."""
    return hashlib.sha256(content).hexdigest()


def file_digest(key: str, path: Path) -> str:
    """The `digest` of a file; raises as `read_file` does."""
    return digest(read_file(key, path))
