"""Refusing values that a schema does not allow, key by key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from xorlab.config.fields import default_of
from xorlab.config.groups import Choice
from xorlab.config.schema import leaves_of, schema_of
from xorlab.errors import ConfigError

# What would be a number, a list or another value, if it had no quotes.
_NOT_TEXT = re.compile(
    r"[-+]?[0-9.][0-9.e+-]*|true|false|null|\[.*\]|[-+]?(?:inf|nan)", re.IGNORECASE
)

Check = tuple[str, str, object, Callable[[Any], bool], str]


def check_value(kind: type[Any], key: str, value: object) -> None:
    """Refuse a value of one key of the root.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    known: Any = kind
    for name, _, _, is_right, allowed in _checks("", known):
        if name == key and not is_right(value):
            raise ConfigError(key, value, allowed)


def check_values(config: Any) -> None:
    """Refuse the first value that is not allowed by itself, then what a choice refuses.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    kind, fields = type(config), vars(config)
    _check("", kind, fields)
    sections = schema_of(kind).sections
    for name in sections:
        section = fields[name]
        if not isinstance(section, sections[name]):
            raise ConfigError(
                name, section, f"an object as in xorlab.configure('{name}=...').{name}, not a name"
            )
        _check(name, type(section), vars(section))


def _check(prefix: str, kind: Any, fields: dict[str, Any]) -> None:
    for key, name, default, is_right, allowed in _checks(prefix, kind):
        value = fields[name]
        if (value is not default or value is None) and not is_right(value):
            if value is None and issubclass(kind, Choice):
                allowed = f"{allowed} where {prefix}={kind.choice_name}"
            raise ConfigError(key, value, allowed + _as_text(value))


def _as_text(value: object) -> str:
    """A note where text looks like another value, which its quotes made it."""
    looks = isinstance(value, str) and _NOT_TEXT.fullmatch(value.strip())
    return f"; this is text, {json.dumps(value)}: leave out the inner quotes" if looks else ""


@cache
def _checks(prefix: str, kind: Any) -> tuple[Check, ...]:
    dot = f"{prefix}." if prefix else ""
    return tuple(
        (
            f"{dot}{item.name}",
            item.name,
            default_of(item),
            item.metadata["check"],
            item.metadata["allowed"],
        )
        for item in leaves_of(kind)
    )
