"""Configurations as flat values by dotted key, and back: the one place that knows both shapes."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache
from typing import Any, TypeVar

from xorlab.config.groups import Choice
from xorlab.config.schema import Schema, leaves_of, schema_of
from xorlab.errors import ConfigError, spell

C = TypeVar("C")
_UNKNOWN = "a key that this version of xorlab knows"


def flat(config: Any) -> dict[str, Any]:
    """Every value by its dotted key, in the order of the schema.

    A choice stands under its group (``task: xor``), before its keys.
    """
    sections = schema_of(type(config)).sections
    values: dict[str, Any] = {}
    for name, value in vars(config).items():
        if name not in sections:
            values[name] = value
            continue
        if isinstance(value, Choice):
            values[name] = value.choice_name
        fields = vars(value)
        kind: Any = type(value)
        for key, inner in _keys(name, kind):
            values[key] = fields[inner]
    return values


def from_flat(kind: type[C], values: Mapping[str, Any]) -> C:
    """The reverse of `flat`; keys that are left out take their defaults.

    Raises:
        ConfigError: a key or choice that the schema does not have.
    """
    return with_values(kind(), values)


def with_values(config: C, values: Mapping[str, Any]) -> C:
    """A copy with other values; it shares the sections in which nothing changes.

    Args:
        config: stays as it is.
        values: by dotted key. A choice (``optimizer: adam``) brings the defaults of its own keys.

    Raises:
        ConfigError: a key or choice that the schema does not have.
    """
    schema, made = schema_of(type(config)), copied(config)
    fields: dict[str, Any] = vars(made)
    changed: set[str] = set()
    for group, base in schema.groups.items():
        if group in values:
            kind = base.choices().get(values[group])
            if kind is None:
                allowed = "one of " + ", ".join(schema.choices[group])
                raise ConfigError(group, values[group], allowed)
            fields[group] = kind()
            changed.add(group)
    for key, value in values.items():
        if key in schema.groups:
            continue
        section, dot, name = key.partition(".")
        if section not in fields or (section in schema.sections) != bool(dot):
            raise ConfigError(key, value, _UNKNOWN)
        if not dot:
            fields[section] = value
            continue
        if name not in vars(fields[section]):
            if key not in schema.owners:
                raise ConfigError(key, value, _UNKNOWN)
            raise belongs_elsewhere(schema, key, value, fields[section].choice_name)
        if section not in changed:
            fields[section] = copied(fields[section])
            changed.add(section)
        setattr(fields[section], name, value)
    return made


def belongs_elsewhere(schema: Schema, key: str, value: object, chosen: str) -> ConfigError:
    """The error for a key that belongs to choices of its group that were not made."""
    group = key.partition(".")[0]
    owners = schema.owners_text(key)
    return ConfigError(key, value, f"left out where {group}={chosen}; it belongs to {owners}")


@cache
def _keys(section: str, kind: Any) -> tuple[tuple[str, str], ...]:
    return tuple((f"{section}.{item.name}", item.name) for item in leaves_of(kind))


def copied(section: C) -> C:
    """A shallow copy, ten times as fast as `copy.copy`: a sweep needs one for every run."""
    made = object.__new__(type(section))
    vars(made).update(vars(section))
    return made


def nested(values: Mapping[str, Any], groups: Container[str]) -> dict[str, Any]:
    """Flat values as a tree, as they stand in a file; a choice is the ``name`` of its group.

    Where the group has a key of that name, the choice is the ``choice`` of its group.
    """
    tree: dict[str, Any] = {}
    for key, value in values.items():
        group, _, name = key.rpartition(".")
        if key in groups:
            group, name = key, "choice" if f"{key}.name" in values else "name"
        (tree.setdefault(group, {}) if group else tree)[name] = value
    return tree


def unnested(tree: Mapping[str, Any], groups: Container[str]) -> dict[str, Any]:
    """The reverse of `nested`."""
    values: dict[str, Any] = {}
    for group, value in tree.items():
        if not isinstance(value, dict):
            values[group] = value
            continue
        chosen = ("choice" if "choice" in value else "name") if group in groups else None
        for name, inner in value.items():
            values[group if name == chosen else f"{group}.{name}"] = inner
    return values


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as they are typed on the command line: true, null, 0.1, [4,4]."""
    return {key: spell(value) for key, value in values.items()}
