"""What a schema is made of: fields that carry their help and their check."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, field
from typing import Any

MAX_NAME = 250  # characters; MLflow's own databases hold no longer ones
MAX_TEXT = 4096
MAX_SEED = 2**32 - 1  # the legacy generator of NumPy takes no more


def key(
    default: Any,
    help: str,  # noqa: A002
    allowed: str,
    example: str,
    check: Callable[[Any], bool],
    *,
    added_after_v1: bool = False,
    silent_default: bool = False,
) -> Any:
    """A field that carries what `--help` prints and what `check` enforces.

    Args:
        default: the value where none is given.
        help: what the key means.
        allowed: what is allowed, as the end of "must be ...".
        example: overrides that use it.
        check: whether a value is allowed.
        added_after_v1: the key was added after runs had been recorded: at its default it stays out
            of their identity, so that those runs keep their keys.
        silent_default: the key plays no part at its default: it is then not recorded either, as
            where a default is null.
    """
    return field(
        default=default,
        metadata={
            "help": help,
            "allowed": allowed,
            "example": example,
            "check": check,
            "later": added_after_v1,
            "silent": silent_default,
        },
    )


def choice(
    default: str,
    names: Sequence[str],
    help: str,  # noqa: A002
    example: str,
    *,
    added_after_v1: bool = False,
    silent_default: bool = False,
) -> Any:
    """A field with one of several names."""
    return key(
        default,
        help,
        "one of " + ", ".join(names),
        example,
        lambda v: v in names,
        added_after_v1=added_after_v1,
        silent_default=silent_default,
    )


def section(kind: type[Any], name: str) -> Any:
    """A field for a part of a configuration that has its keys in a class of its own.

    Args:
        kind: the class.
        name: of this part's only choice, as in ``network=dense``.
    """
    return field(default_factory=kind, metadata={"choice": name})


def group(kind: type[Any], default: str) -> Any:
    """A field for a group, in which one class is chosen by name.

    Args:
        kind: the base of the group, a `xorlab.config.groups.Choice`.
        default: what is chosen where nothing is.
    """
    return field(default_factory=lambda: kind.choices()[default]())


def default_of(item: Field[Any]) -> Any:
    """The default of a field, also where a function makes it."""
    return item.default if item.default_factory is MISSING else item.default_factory()


def is_integer(low: int, high: int) -> Callable[[Any], bool]:
    """Check for an integer from low to high; booleans do not count."""
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def is_optional(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check that lets null pass."""
    return lambda v: v is None or check(v)


def is_finite(v: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)


def is_positive(v: Any) -> bool:
    """Whether a value is a finite number above zero."""
    return is_finite(v) and v > 0


def is_share(v: Any) -> bool:
    """Whether a value is a number from 0 up to, not including, 1."""
    return is_finite(v) and 0 <= v < 1


def is_flag(v: Any) -> bool:
    """Whether a value is true or false."""
    return isinstance(v, bool)


def is_text(v: Any) -> bool:
    """Whether a value is text with something in it, that any file and store can hold.

    What a command line cannot decode comes in as lone surrogates, which nothing can encode.
    """
    if not isinstance(v, str) or not v.strip() or "\0" in v or len(v) > MAX_TEXT:
        return False
    return v.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in v)


def is_name(v: Any) -> bool:
    """Whether a value is a name for lists and pages: text of one line, not too long."""
    return is_text(v) and len(v) <= MAX_NAME and not any(map(_breaks, v))


def _breaks(letter: str) -> bool:
    return letter < " " or "\x7f" <= letter <= "\x9f" or letter in "\u2028\u2029"
