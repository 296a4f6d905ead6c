"""Configurations that have their keys and no other attribute."""

from __future__ import annotations

import dataclasses
import difflib
from functools import cache
from typing import Any


class Closed:
    """Base of dataclasses of keys: an attribute that is no key cannot be set, as nothing reads it.

    Setting ``config.training.epoch`` would otherwise be taken, and change nothing.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        kind: Any = type(self)
        keys = _keys(kind)
        if name not in keys:
            close = difflib.get_close_matches(name, keys, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(keys)}"
            raise AttributeError(f"{type(self).__name__} has no key {name}; {hint}")
        object.__setattr__(self, name, _plain(value))


def _plain(value: Any) -> Any:
    """A number or array of NumPy as Python's own number or list."""
    if type(value).__module__ == "numpy":
        return value.tolist()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


@cache
def _keys(kind: Any) -> dict[str, None]:
    return dict.fromkeys(item.name for item in dataclasses.fields(kind))
