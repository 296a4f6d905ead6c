"""A configuration as the overrides that make it, as they are typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from xorlab.config.fields import default_of
from xorlab.config.schema import Schema
from xorlab.errors import spell

_PLAIN = re.compile(r"[\w.+/-]+")  # text that Hydra reads without quotes
_ITEMS = re.compile(r"[\w.+,-]+")  # values with commas between them


def unusual_keys(schema: Schema, values: Mapping[str, Any]) -> list[str]:
    """The keys that differ from their default, in the order of the schema.

    Args:
        schema: of the configuration.
        values: some or all of its values, by dotted key; a choice stands under its group, and
            decides the defaults of its keys.
    """
    found = []
    for leaf in schema.fields:
        if leaf.key not in values:
            continue
        owner = schema.owners.get(leaf.key, {}).get(str(values.get(leaf.section)))
        if values[leaf.key] != (leaf.default if owner is None else default_of(owner)):
            found.append(leaf.key)
    return found


def typed_overrides(schema: Schema, values: Mapping[str, Any]) -> str:
    """The overrides of `unusual_keys`, as they follow the command in a shell."""
    return shlex.join(f"{key}={_typed(values[key])}" for key in unusual_keys(schema, values))


def as_list(schema: Schema, override: str) -> str:
    """How the several values of an override are one list; empty where the key takes none."""
    key, _, values = override.partition("=")
    if "list" not in (schema.allowed(key) or "") or not _ITEMS.fullmatch(values):
        return ""
    return f"; as one list: {shlex.quote(f'{key}=[{values}]')}"


def _typed(value: Any) -> str:
    """A value for Hydra; text that it would read as something else is in quotes."""
    if isinstance(value, list):
        return f"[{','.join(map(_typed, value))}]"
    if not isinstance(value, str) or _PLAIN.fullmatch(value):
        return spell(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
