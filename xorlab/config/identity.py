"""What makes two runs the same run: a hash over what decides their outcome."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SCHEMA_VERSION = 1


class RunKeys:
    """The keys of a setting's runs, one for each seed.

    A key is a SHA-256 of canonical JSON: 32 hexadecimal digits, the same for any order or spelling
    of the overrides and for any tracking option. All but the seed is hashed once.

    Args:
        values: what decides the outcome, by dotted key; a seed among them does not count.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        counted = {"schema": SCHEMA_VERSION, **values}
        before = _json({name: value for name, value in counted.items() if name < "seed"})
        after = _json({name: value for name, value in counted.items() if name > "seed"})
        self._begun = hashlib.sha256(f'{before[:-1]},"seed":'.encode())
        self._rest = b"}" if after == "{}" else f",{after[1:]}".encode()

    def __call__(self, seed: int) -> str:
        """The key of the run with this seed."""
        hashed = self._begun.copy()
        hashed.update(b"%d" % seed + self._rest)
        return hashed.hexdigest()[:32]


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
