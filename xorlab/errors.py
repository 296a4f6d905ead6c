"""The errors a user can mend, worded for the reader."""

from __future__ import annotations


class ConfigError(ValueError):
    """A configuration value that cannot be used.

    Attributes:
        key: dotted name of the key, such as ``optimizer.lr``.
        value: what was given.
        allowed: what may stand there instead, as the end of "must be ...".
    """

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed
        super().__init__(f"{key}={spell(value)}: must be {allowed}")

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, object, str]]:
        # Workers hand errors back pickled; the default would call __init__ with the message alone.
        return type(self), (self.key, self.value, self.allowed)


class UsageError(ValueError):
    """A command line that cannot be understood: an unknown key, group or option, or bad syntax."""


class StoreError(RuntimeError):
    """A tracking store that cannot be reached, read or written."""


class NoStoreError(StoreError):
    """A tracking store, or an experiment in it, that does not exist yet."""


def spell(value: object) -> str:
    """A value as one would type it on the command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
