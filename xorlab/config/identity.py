"""What makes two runs the same run: the science keys of a configuration, and their hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from xorlab.config.data_files import file_digest
from xorlab.config.groups import belongs_to
from xorlab.config.schema import FIELDS, SECTIONS, Config
from xorlab.errors import ConfigError

SCHEMA_VERSION = 1
CHOICES = ("task", "init", "optimizer")  # `task.name` is written `task`, as on the command line
_LATER = {key: item.default for key, _, _, item in FIELDS if item.metadata["later"]}
_NOT_SCIENCE = ("plan", "tracking.", "landscape.")
# The keys that make a setting: those that decide a run's outcome, without its seed.
SETTING_KEYS = tuple(
    name.removesuffix(".name")
    for name, _, _, _ in FIELDS
    if name != "seed" and not name.startswith(_NOT_SCIENCE)
)


def identity_params(config: Config) -> dict[str, Any]:
    """The keys that decide a run's outcome, dotted, without those that play no part in it.

    A key that is not set, or belongs to a choice not made (momentum where optimizer=adam, the
    slope of a leaky_relu that is not there), is left out; one hidden layer is a plain number.
    """
    values: dict[str, Any] = {}
    for name, group, leaf, item in FIELDS:
        if name.startswith(_NOT_SCIENCE):
            continue
        section: Any = getattr(config, group) if group in SECTIONS else config
        value = getattr(section, leaf)
        if value is None:
            continue
        if group in CHOICES and not belongs_to(item, section.name):
            continue
        values[group if leaf == "name" and group in CHOICES else name] = value
    if len(config.hidden) == 1:
        values["network.hidden"] = config.hidden[0]
    if "leaky_relu" not in (config.network.activation, config.network.output):
        del values["network.slope"]
    if config.task.name == "table":
        for name in ("task.low", "task.high", "task.target_low", "task.target_high"):
            del values[name]
    return values


def from_identity_params(values: dict[str, Any]) -> Config:
    """The reverse of `identity_params`: keys that were left out take their defaults.

    Raises:
        ConfigError: a key that the schema does not have.
    """
    config = Config()
    places = {name: (group, leaf) for name, group, leaf, _ in FIELDS}
    for name, value in values.items():
        full = f"{name}.name" if name in CHOICES else name
        if full not in places or name.startswith(_NOT_SCIENCE):
            raise ConfigError(name, value, "a key that this version of xorlab knows")
        group, leaf = places[full]
        setattr(getattr(config, group) if group else config, leaf, value)
    for _, group, leaf, item in FIELDS:
        section: Any = getattr(config, group) if group else config
        if group in CHOICES and not belongs_to(item, section.name):
            setattr(section, leaf, None)
    return config


def setting(config: Config) -> dict[str, Any]:
    """The science keys without the seed: runs that share them differ by chance alone."""
    return {name: value for name, value in identity_params(config).items() if name != "seed"}


def run_key(config: Config) -> str:
    """The identity of a run: 32 hexadecimal digits, a SHA-256 of the canonical science keys.

    The same for any order or spelling of the overrides and for any tracking option. A table
    counts by its content, so the same data at another path is the same run. A key that came to
    the schema after runs had been recorded counts only where it says something new.
    """
    values = identity_params(config)
    for name, default in _LATER.items():
        if values[name] == default:
            del values[name]
    if config.task.name == "table" and config.task.path is not None:
        values["task.path"] = file_digest("task.path", Path(config.task.path))
    text = json.dumps(
        {"schema": SCHEMA_VERSION, **values}, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]
