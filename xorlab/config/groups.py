"""Groups: one class for each choice, found in the package of its group."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, ClassVar, Self

from xorlab.config.closed import Closed

_LAST = 1000


class Registered:
    """Base of classes that are known by name, each in a module of one package.

    The base of a kind names the package, and each member of it names itself::

        class Loss(Registered, package="xorlab.networks.losses"): ...

        class HalfSse(Loss, name="half_sse", order=1): ...

    Adding a member is adding a module to the package. A class between the two that has no name is
    not a member.
    """

    _package: ClassVar[str]
    _members: ClassVar[dict[str, tuple[int, type[Any]]]]
    _ordered: ClassVar[dict[str, type[Any]]]  # the members in order; empty until it is asked for
    choice_name: ClassVar[str] = ""

    def __init_subclass__(
        cls, *, package: str = "", name: str = "", order: int = _LAST, **more: Any
    ) -> None:
        """Take in a base (with ``package``) or a member (with ``name``).

        Args:
            package: dotted name of the package with the members.
            name: of the member.
            order: where it stands among the members; those without one follow, by name.
            **more: of further base classes.

        Raises:
            TypeError: another member has this name.
        """
        super().__init_subclass__(**more)
        if package:
            cls._package, cls._members, cls._ordered = package, {}, {}
        if name:
            known = cls._members.get(name)
            if known is not None and known[1].__qualname__ != cls.__qualname__:
                raise TypeError(
                    f"{name}: {known[1].__module__} and {cls.__module__} both define it"
                )
            cls.choice_name = name
            cls._members[name] = order, cls
            cls._ordered.clear()

    @classmethod
    def choices(cls) -> Mapping[str, type[Self]]:
        """Every member by name, in order."""
        _import_modules(cls._package)
        if not cls._ordered:
            ordered = sorted(cls._members.items(), key=lambda member: (member[1][0], member[0]))
            cls._ordered.update((name, kind) for name, (_, kind) in ordered)
        return cls._ordered


class Choice(Closed, Registered):
    """Base of the choices of a group of the configuration; each is a dataclass of its own keys.

    ``optimizer=adam`` *is* the class with the name ``adam``: its fields are the keys
    ``optimizer.lr`` and so on. Keys that all choices share are fields of the group's base.

    Attributes:
        group: as on the command line.
        help: what is chosen.
    """

    group: ClassVar[str] = ""
    help: ClassVar[str] = ""

    def __init_subclass__(cls, *, group: str = "", **more: Any) -> None:
        """Take in a group's base (with ``group`` and ``package``) or a choice (with ``name``)."""
        super().__init_subclass__(**more)
        if group:
            cls.group = group

    @property
    def name(self) -> str:
        """As it is chosen on the command line; a choice with a key of this name has its value."""
        return self.choice_name

    @property
    def unused(self) -> tuple[str, ...]:
        """Its keys that play no part as the others are."""
        return ()

    @property
    def label(self) -> str:
        """What stands for it in the name of a run."""
        return self.choice_name

    def check(self) -> None:
        """Refuse values that are allowed one by one and not together.

        Raises:
            ConfigError: names the key, the value and what is allowed.
        """


@cache
def _import_modules(package: str) -> None:
    for module in sorted(
        item.name for item in pkgutil.iter_modules(import_module(package).__path__)
    ):
        import_module(f"{package}.{module}")
