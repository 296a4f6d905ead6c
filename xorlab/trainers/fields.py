"""A user's dataclass as keys of a configuration: types, bounds, help and messages."""

from __future__ import annotations

import dataclasses
import types
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

from xorlab.config.fields import (
    MAX_SEED,
    default_of,
    is_finite,
    is_flag,
    is_integer,
    is_text,
    key,
    section,
)
from xorlab.config.landscape_keys import AnyLandscape
from xorlab.config.tracking_keys import AnyTracking
from xorlab.errors import spell

_OWN = "xorlab"  # metadata of a field made here
_RESERVED = frozenset(
    {"plan", "tracking", "hydra", "defaults", "landscape"}
    | {"run_id", "name", "status", "outcome", "sweep", "key"}  # columns of a table of runs
    | {"solved", "epochs_run", "epochs_to_solve", "diverged_at"}
    | {"n", "diverged", "rate", "limit", "limits", "ert", "cutoff", "rmst", "setting", "runs"}
)
_KINDS: dict[Any, tuple[str, str, Callable[[Any], bool]]] = {
    bool: ("true or false", "truth values", is_flag),
    int: ("an integer", "integers", lambda v: isinstance(v, int) and not isinstance(v, bool)),
    float: ("a number", "numbers", is_finite),
    str: ("text", "texts", is_text),
}
_SUPPORTED = "use bool, int, float, str, one of these with `| None`, or list[int] and its like"


def field(
    default: Any = dataclasses.MISSING,
    *,
    help: str = "",  # noqa: A002
    above: float | None = None,
    below: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    choices: Sequence[Any] | None = None,
    example: str = "",
    added_later: bool = False,
    compare: bool = True,
    default_factory: Any = dataclasses.MISSING,
) -> Any:
    """A field of a trainer's dataclass, with what `--help` prints and what is refused.

    Args:
        default: its value where none is given.
        help: what it means.
        above: a bound that is not allowed itself.
        below: a bound that is not allowed itself.
        at_least: a bound that is allowed.
        at_most: a bound that is allowed.
        choices: the only values that are allowed.
        example: an override that uses it, such as ``lr=0.03,0.1``.
        added_later: it was added after runs had been recorded: at its default it stays out of
            their identity, so that those runs keep their keys.
        compare: whether it is a part of the run's identity; a device is not.
        default_factory: makes the default, where that is a list.
    """
    bounds = {">": above, "<": below, ">=": at_least, "<=": at_most}
    own = {
        "help": help,
        "bounds": {sign: bound for sign, bound in bounds.items() if bound is not None},
        "choices": None if choices is None else tuple(choices),
        "example": example,
        "later": added_later,
    }
    metadata = {_OWN: own}
    if default_factory is not dataclasses.MISSING:
        return dataclasses.field(
            default_factory=default_factory, compare=compare, metadata=metadata
        )
    return dataclasses.field(default=default, compare=compare, metadata=metadata)


def root_of(kind: type[Any]) -> type[Any]:
    """The class of a whole configuration: the keys of a user's dataclass, and the harness's.

    Raises:
        TypeError: a field that cannot be a key; the message says what to use instead.
    """
    fields = _fields(kind, "")
    _warn_of_values_without_type(kind)
    if "seed" not in {name for name, _, _ in fields}:
        raise TypeError(f"{kind.__name__}: it needs a field `seed: int = 0`")
    plan = key(
        False, "print what a sweep would do, and stop", "true or false", "-m plan=true", is_flag
    )
    fields += [
        ("plan", bool, plan),
        ("landscape", AnyLandscape, section(AnyLandscape, "any")),
        ("tracking", AnyTracking, section(AnyTracking, "any")),
    ]
    return dataclasses.make_dataclass(kind.__name__, fields)


def _warn_of_values_without_type(kind: type[Any]) -> None:
    """Say which attributes look like keys and are none, because no type is written to them."""
    known = {item.name for item in dataclasses.fields(kind)}
    for name, value in vars(kind).items():
        plain = isinstance(value, bool | int | float | str) and name.islower()
        if plain and not name.startswith("_") and name not in known:
            warnings.warn(
                f"{kind.__name__}.{name} has no type, so it is not a key: write "
                f"{name}: {type(value).__name__} = {value!r}",
                stacklevel=2,
            )


def _fields(kind: type[Any], prefix: str) -> list[tuple[str, Any, Any]]:
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"{kind!r} is not a dataclass: a trainer's configuration is one")
    hints = get_type_hints(kind)
    made: list[tuple[str, Any, Any]] = []
    for item in dataclasses.fields(kind):
        where, hint = f"{kind.__name__}.{item.name}", hints[item.name]
        if not prefix and (item.name in _RESERVED or item.name.startswith("_")):
            raise TypeError(f"{where}: xorlab uses this name itself; use another")
        if not item.init:
            raise TypeError(f"{where}: a field with init=False cannot be a key")
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            if prefix:
                raise TypeError(f"{where}: a section within a section; use one level")
            inner = dataclasses.make_dataclass(hint.__name__, _fields(hint, f"{item.name}."))
            made.append((item.name, inner, dataclasses.field(default_factory=inner)))
            continue
        made.append((item.name, hint, _key(item, hint, where, f"{prefix}{item.name}")))
    return made


def _key(item: dataclasses.Field[Any], hint: Any, where: str, name: str) -> Any:
    factory = item.default_factory
    if item.default is dataclasses.MISSING and factory is dataclasses.MISSING:
        raise TypeError(f"{where}: give it a default value")
    own = item.metadata.get(_OWN, {})
    allowed, check = _check_of(hint, own, where)
    if name == "seed":
        if hint is not int or not item.compare:
            raise TypeError(f"{where}: must be an int, and a part of the identity")
        allowed, check = f"an integer from 0 to {MAX_SEED}", is_integer(0, MAX_SEED)
    default = default_of(item)
    if not check(default):
        raise TypeError(f"{where}={spell(default)}: the default must be {allowed}")
    made = key(
        default,
        own.get("help") or "",
        allowed,
        own.get("example") or f"{name}={spell(default)}",
        check,
        added_after_v1=own.get("later", False),
    )
    more = {**made.metadata, "identity": item.compare}
    if factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=factory, metadata=more)
    return dataclasses.field(default=default, metadata=more)


def _check_of(hint: Any, own: dict[str, Any], where: str) -> tuple[str, Callable[[Any], bool]]:
    """What is allowed, in words, and its check."""
    optional = get_origin(hint) in (Union, types.UnionType)
    if optional:
        others = [one for one in get_args(hint) if one is not type(None)]
        if len(others) != 1 or len(others) == len(get_args(hint)):
            raise TypeError(f"{where}: {_spelled(hint)} is not supported; {_SUPPORTED}")
        (hint,) = others
    many = get_origin(hint) is list
    if many:
        (hint,) = get_args(hint)
    if hint not in _KINDS:
        better = "str with xorlab.field(choices=...)" if "Literal" in str(hint) else ""
        advice = f"use {better}" if better else _SUPPORTED
        raise TypeError(f"{where}: {_spelled(hint)} is not supported; {advice}")
    one, several, is_right = _KINDS[hint]
    words, bounded = _bounded(one, is_right, own)
    if many:
        words = f"a list of {several}" + (f", each {words}" if words != one else "")
        is_one = bounded
        bounded = lambda v: isinstance(v, list) and all(map(is_one, v))  # noqa: E731
    if optional:
        inner = bounded
        return f"{words}, or null", lambda v: v is None or inner(v)
    return words, bounded


def _bounded(
    words: str, check: Callable[[Any], bool], own: dict[str, Any]
) -> tuple[str, Callable[[Any], bool]]:
    choices, bounds = own.get("choices"), own.get("bounds", {})
    if choices is not None:
        return "one of " + ", ".join(map(spell, choices)), lambda v: v in choices
    if not bounds:
        return words, check
    signs = {
        ">": lambda v, bound: v > bound,
        "<": lambda v, bound: v < bound,
        ">=": lambda v, bound: v >= bound,
        "<=": lambda v, bound: v <= bound,
    }
    limits = " and ".join(f"{sign} {bound:g}" for sign, bound in bounds.items())
    return (
        f"{words} {limits}",
        lambda v: check(v) and all(signs[sign](v, bound) for sign, bound in bounds.items()),
    )


def _spelled(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
