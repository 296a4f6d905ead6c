"""Errors that a user can fix, worded for the reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from xorlab.system.credentials import without_credentials


class ConfigError(ValueError):
    """A configuration value that cannot be used.

    Attributes:
        key: dotted name of the key, such as ``optimizer.lr``.
        value: the value that was given.
        allowed: what is allowed, as the end of "must be ...".
    """

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed
        text = _bounded(spell(value))
        hint = _hint(key, text, allowed)
        super().__init__(without_credentials(f"{key}={text}: must be {allowed}{hint}"))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, object, str]]:
        # Worker threads and processes return pickled errors; the default __reduce__ would call
        # __init__ with the message alone.
        return type(self), (self.key, self.value, self.allowed)


class UsageError(ValueError):
    """A command line that cannot be understood: an unknown key, group or option, or bad syntax."""

    def __init__(self, message: str) -> None:
        super().__init__(without_credentials(message))


class StoreError(RuntimeError):
    """A tracking store that cannot be reached, read or written."""

    def __init__(self, message: str) -> None:
        super().__init__(without_credentials(message))


class NoStoreError(StoreError):
    """A tracking store, or an experiment in it, that does not exist yet."""


class StoppedError(RuntimeError):
    """A job failed, and `tracking.failures=stop` ends the sweep there."""

    def __init__(self, message: str) -> None:
        super().__init__(without_credentials(message))


class JobsFailedError(RuntimeError):
    """Some jobs of a sweep failed; its summary has named them."""


class EngineError(RuntimeError):
    """A cluster that cannot be reached, that refuses work, or that has lost its workers."""

    def __init__(self, message: str) -> None:
        super().__init__(without_credentials(message))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its chain of causes, each once: a library may tie the chain to a ring."""
    seen: list[BaseException] = []
    while error is not None and not any(error is one for one in seen):
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def spell(value: object) -> str:
    """A value as it is typed on the command line: true, null, 0.1, [4,4]."""
    if value is None or isinstance(value, bool | list):
        return json.dumps(value, separators=(",", ":"), default=str)
    return str(value)


_POWER = re.compile(r"(\d+(?:\.\d+)?)[eE]\+?(\d)")
_SPAN = re.compile(r"(\d+)(?:\.\.+|-|:)(\d+)")


def _hint(key: str, value: str, allowed: str) -> str:
    """How a value that is plainly meant for a number is written; empty for any other."""
    if not allowed.startswith(("an integer", "a number", "a finite number")):
        return ""
    power, span = _POWER.fullmatch(value), _SPAN.fullmatch(value)
    if power is not None and float(value).is_integer():
        return f"; write {key}={int(float(value))}"
    if span is not None and int(span[1]) < int(span[2]):
        return f"; a sweep over them is -m '{key}=range({span[1]},{int(span[2]) + 1})'"
    if value.startswith("[") and value.endswith("]") and "list" not in allowed:
        return f"; a sweep over several values is -m {key}={value[1:-1].replace(' ', '')}"
    return ""


def error_line(command: str, error: object) -> str:
    """An error as a command prints it: one line that any terminal or file can show.

    Args:
        command: the command that failed.
        error: the error, which may quote any text of a user or a file.
    """
    line = printable(without_credentials(str(error)))
    return f"{command}: {_bounded(line, _LONGEST_LINE)}\n"


def printable(text: str, besides: str = "") -> str:
    """Text that changes nothing in a terminal but what it shows.

    Args:
        text: of a user, a file or a server.
        besides: control characters that stay, such as a line break.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in besides else _escaped(c) for c in text)


_LONGEST_VALUE, _LONGEST_LINE = 300, 2000


def _bounded(text: str, most: int = _LONGEST_VALUE) -> str:
    """The text, shortened in the middle to about ``most`` characters if it is longer."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}... ({len(text)} characters) ...{text[-most // 4 :]}"


def _escaped(letter: str) -> str:
    """The escape of a line break, a control character or an undecodable byte."""
    return letter.encode("unicode_escape", "surrogatepass").decode()
