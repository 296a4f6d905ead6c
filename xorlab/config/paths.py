"""Paths that a user gives."""

from __future__ import annotations

from pathlib import Path

from xorlab.errors import ConfigError


def given_path(key: str, text: str) -> Path:
    """The path that a value names; ``~`` is the user's home folder, as in a shell.

    Args:
        key: that has the value, for messages.
        text: the value.

    Raises:
        ConfigError: the home folder of the user that is named is not known.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            key, text, "a path without ~, or with that of a user of this machine"
        ) from error
