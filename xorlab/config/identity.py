"""What makes two runs the same run: the identity params of a configuration, and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from xorlab.config.schema import FIELDS, Config
from xorlab.config.values import flat, from_flat
from xorlab.errors import ConfigError

SCHEMA_VERSION = 1
_LATER = {key: item.default for key, _, _, item in FIELDS if item.metadata["later"]}
_NO_PART = ("plan", "tracking.", "landscape.")
# The keys that make a setting: those that decide a run's outcome, without its seed.
SETTING_KEYS = tuple(
    name.removesuffix(".name")
    for name, _, _, _ in FIELDS
    if name != "seed" and not name.startswith(_NO_PART)
)


def identity_params(config: Config) -> dict[str, Any]:
    """The keys that decide a run's outcome, dotted, without those that play no part in it.

    A key that is not set, or belongs to a choice not made (momentum where optimizer=adam, the
    slope of a leaky_relu that is not there), is left out; one hidden layer is a plain number.
    """
    values = {
        key: value
        for key, value in flat(config).items()
        if value is not None and not key.startswith(_NO_PART)
    }
    if len(config.hidden) == 1:
        values["network.hidden"] = config.hidden[0]
    if "leaky_relu" not in (config.network.activation, config.network.output):
        del values["network.slope"]
    if config.task.name == "table":
        for name in ("task.low", "task.high", "task.target_low", "task.target_high"):
            del values[name]
    return values


def from_identity_params(values: Mapping[str, Any]) -> Config:
    """The reverse of `identity_params`: keys that were left out take their defaults.

    Raises:
        ConfigError: a key that the schema does not have.
    """
    for name, value in values.items():
        if name.startswith(_NO_PART):
            raise ConfigError(name, value, "a key that decides a run's outcome")
    return from_flat(values)


def setting_params(config: Config) -> dict[str, Any]:
    """The identity params without the seed: runs that share them differ by chance alone."""
    return {name: value for name, value in identity_params(config).items() if name != "seed"}


class RunKeys:
    """The keys of a setting's runs, one for each seed.

    A key is a SHA-256 of canonical JSON: 32 hexadecimal digits, the same for any order or spelling
    of the overrides and for any tracking option. A key that came to the schema after runs had been
    recorded counts only where it is not at its default. All but the seed is hashed once.

    Args:
        values: identity params; a seed among them does not count.
        digest: SHA-256 of the file ``task.path``, where the task is a table: it counts by its
            content, so that the same data at another path is the same run.
    """

    def __init__(self, values: Mapping[str, Any], digest: str | None = None) -> None:
        counted: dict[str, Any] = {"schema": SCHEMA_VERSION, **values}
        for name, default in _LATER.items():
            if name in counted and counted[name] == default:
                del counted[name]
        if digest is not None:
            counted["task.path"] = digest
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
