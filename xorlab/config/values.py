"""Configurations as flat values by dotted key, and back: the one place that knows both shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from xorlab.config.groups import belongs_to, select
from xorlab.config.schema import FIELDS, Config
from xorlab.errors import ConfigError, spell

CHOICES = ("task", "init", "optimizer")  # `task.name` is written `task`, as on the command line
T = TypeVar("T")

# Key, group or "", and attribute of every value; the choice of a group stands under the group.
_PLACES = {
    (group if leaf == "name" and group in CHOICES else key): (group, leaf)
    for key, group, leaf, _ in FIELDS
}
_ITEMS = {key: item for key, (_, _, _, item) in zip(_PLACES, FIELDS, strict=True)}


def flat(config: Config) -> dict[str, Any]:
    """Every value by its dotted key, in the order of the schema.

    A choice stands under its group (``task: xor``). Keys of choices that were not made are left
    out.
    """
    values: dict[str, Any] = {}
    for key, (group, leaf) in _PLACES.items():
        section: Any = getattr(config, group) if group else config
        if group not in CHOICES or belongs_to(_ITEMS[key], section.name):
            values[key] = getattr(section, leaf)
    return values


def from_flat(values: Mapping[str, Any]) -> Config:
    """The reverse of `flat`; keys that are left out take their defaults.

    Raises:
        ConfigError: a key that the schema does not have.
    """
    return with_values(Config(), values)


def with_values(config: Config, values: Mapping[str, Any]) -> Config:
    """A copy with other values; it shares the sections in which nothing changes.

    Args:
        config: stays as it is.
        values: by dotted key. A choice (``optimizer: adam``) brings the defaults of its own keys.

    Raises:
        ConfigError: a key that the schema does not have.
    """
    made = copied(config)
    sections: dict[str, Any] = {"": made}
    chosen = [key for key in CHOICES if key in values]
    for key in (*chosen, *(key for key in values if key not in chosen)) if chosen else values:
        if key not in _PLACES:
            raise ConfigError(key, values[key], "a key that this version of xorlab knows")
        group, leaf = _PLACES[key]
        if group not in sections:
            sections[group] = copied(getattr(config, group))
            setattr(made, group, sections[group])
        if key in CHOICES:
            select(sections[group], values[key])
        else:
            setattr(sections[group], leaf, values[key])
    return made


def copied(section: T) -> T:
    """A shallow copy, ten times as fast as `copy.copy`: a sweep needs one for every run."""
    made = object.__new__(type(section))
    vars(made).update(vars(section))
    return made


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Flat values as a tree, as they stand in a file; a choice is the ``name`` of its group."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        group, _, leaf = key.rpartition(".")
        if key in CHOICES:
            group, leaf = key, "name"
        (tree.setdefault(group, {}) if group else tree)[leaf] = value
    return tree


def unnested(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse of `nested`."""
    values: dict[str, Any] = {}
    for group, value in tree.items():
        if not isinstance(value, dict):
            values[group] = value
            continue
        for leaf, inner in value.items():
            values[group if leaf == "name" and group in CHOICES else f"{group}.{leaf}"] = inner
    return values


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as they are typed on the command line: true, null, 0.1, [4,4]."""
    return {key: spell(value) for key, value in values.items()}
