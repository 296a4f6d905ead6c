"""A closed, typed schema made from any dataclass: its keys, groups and choices."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, NamedTuple, get_type_hints

from xorlab.config.fields import choice, default_of
from xorlab.config.groups import Choice

Item = dataclasses.Field[Any]


class Leaf(NamedTuple):
    """One key of a schema.

    Attributes:
        key: dotted, as on the command line; a group stands for its choice.
        section: the attribute that has it, or "" for the root.
        name: of the attribute in its section.
        item: the field with default, help and check; of the first choice that has it.
    """

    key: str
    section: str
    name: str
    item: Item

    @property
    def default(self) -> Any:
        """The value where none is given."""
        return default_of(self.item)


@dataclasses.dataclass(frozen=True, eq=False)
class Schema:
    """What may be configured.

    Attributes:
        kind: the class of a whole configuration.
        fields: every key, in order.
        sections: name to class, or to the base of the choices where it is a group.
        groups: the sections in which one class is chosen by name.
        owners: for each key that belongs to some choices of its group, those choices by name,
            each with its own field.
        choices: what may be chosen in each section that files can change as a whole.
        primary: name of the configuration that Hydra starts from.
        node: name of the typed configuration in it.
    """

    kind: type[Any]
    fields: tuple[Leaf, ...]
    sections: dict[str, type[Any]]
    groups: dict[str, type[Choice]]
    owners: dict[str, dict[str, Item]]
    choices: dict[str, tuple[str, ...]]
    primary: str = "config"
    node: str = "schema"

    def allowed(self, key: str) -> str | None:
        """What is allowed for a key, as the end of "must be ..."; None for an unknown key."""
        for leaf in self.fields:
            if leaf.key == key:
                return str(leaf.item.metadata["allowed"])
        return None

    def owners_text(self, key: str) -> str:
        """The choices that a key belongs to, such as ``optimizer=gd or optimizer=adam``."""
        group = key.partition(".")[0]
        return " or ".join(f"{group}={name}" for name in self.owners[key])


def schema_of(kind: Any) -> Schema:
    """The schema of a dataclass.

    Its fields are keys, made by `xorlab.config.fields.key`; sections, whose type is a dataclass
    of keys; and groups, whose type is the base of choices, each a dataclass of its own keys.
    """
    return _schema_of(kind)


@cache
def _schema_of(kind: Any) -> Schema:
    types = get_type_hints(kind)
    leaves: list[Leaf] = []
    sections: dict[str, type[Any]] = {}
    owners: dict[str, dict[str, Item]] = {}
    choices: dict[str, tuple[str, ...]] = {}
    for item in dataclasses.fields(kind):
        if "check" in item.metadata:
            leaves.append(Leaf(item.name, "", item.name, item))
            continue
        section = sections[item.name] = types[item.name]
        if not issubclass(section, Choice):
            if "choice" in item.metadata:
                choices[item.name] = (item.metadata["choice"],)
            leaves += [
                Leaf(f"{item.name}.{inner.name}", item.name, inner.name, inner)
                for inner in dataclasses.fields(section)
            ]
            continue
        members = section.choices()
        choices[item.name] = tuple(members)
        leaves.append(Leaf(item.name, item.name, "name", _name_field(section, item)))
        own = _own_fields(item.name, section)
        owners |= own
        for key, found in own.items():
            name = key.partition(".")[2]
            leaves.append(Leaf(key, item.name, name, next(iter(found.values()))))
        leaves += [
            Leaf(f"{item.name}.{inner.name}", item.name, inner.name, inner)
            for inner in dataclasses.fields(section)
        ]
    groups = {name: one for name, one in sections.items() if issubclass(one, Choice)}
    return Schema(kind, tuple(leaves), sections, groups, owners, choices)


def leaves_of(kind: Any) -> tuple[Item, ...]:
    """The keys of a section or choice, in order: its own, then those of its group's base."""
    return _leaves_of(kind)


@cache
def _leaves_of(kind: Any) -> tuple[Item, ...]:
    items = [item for item in dataclasses.fields(kind) if "check" in item.metadata]
    shared = _shared(kind)
    return (
        *(item for item in items if item.name not in shared),
        *(item for item in items if item.name in shared),
    )


def _shared(kind: type[Any]) -> frozenset[str]:
    """Names of the keys that all choices of a group have."""
    bases = [one for one in kind.__mro__ if issubclass(one, Choice) and "group" in vars(one)]
    if not bases or bases[0] is Choice:
        return frozenset()
    base: Any = bases[0]
    return frozenset(item.name for item in dataclasses.fields(base))


def _own_fields(group: str, base: type[Choice]) -> dict[str, dict[str, Item]]:
    shared = {item.name for item in dataclasses.fields(base)}  # type: ignore[arg-type]
    found: dict[str, dict[str, Item]] = {}
    for name, kind in base.choices().items():
        for item in leaves_of(kind):
            if item.name not in shared:
                found.setdefault(f"{group}.{item.name}", {})[name] = item
    return found


def _name_field(base: type[Choice], item: Item) -> Item:
    """The choice itself as a key."""
    assert item.default_factory is not dataclasses.MISSING  # noqa: S101  (it is a group)
    names = tuple(base.choices())
    default = item.default_factory().name
    made: Item = choice(default, names, base.help, f"{base.group}={names[0]}")
    made.name = "name"
    return made
