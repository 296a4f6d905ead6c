"""Servers for which this user's sweeps have kept results: the only ones asked without being named.

A file in an outbox says where it wants to go, and may come from another person. A server that it
names would get the user's password from the environment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from xorlab.system.files import write_whole
from xorlab.system.user_cache import user_cache


def remember(stores: Iterable[str]) -> None:
    """Add servers, as `address_key` spells them; without a cache folder nothing is remembered."""
    file, known = _file(), known_servers()
    if file is None or known.issuperset(stores):
        return
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(file, "".join(f"{one}\n" for one in sorted(known.union(stores))).encode(), True)


def known_servers() -> set[str]:
    """The servers that were added."""
    file = _file()
    try:
        return set() if file is None else set(file.read_text().splitlines())
    except (OSError, ValueError):
        return set()


def _file() -> Path | None:
    folder = user_cache()
    return None if folder is None else folder / "servers-with-outbox"
