"""Rules for the plane of a landscape: which keys may vary, and between which edges."""

from __future__ import annotations

import re

from xorlab.config.schema import leaves_of
from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.initializers.given import Given
from xorlab.networks.training_config import RIGHT_SIDE

_WEIGHT = re.compile(r"weight\.([1-9][0-9]*)")


def check_plane(config: Config) -> None:
    """Refuse a plane that is incomplete, or whose axes cannot vary.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    plane = vars(config.landscape)
    _check_names(config)
    axis = plane["x"] if plane["x"] is not None else plane["y"]
    for letter, other in (("x", "y"), ("y", "x")):
        low, high = plane[f"{letter}_low"], plane[f"{letter}_high"]
        given = {letter: plane[letter], f"{letter}_low": low, f"{letter}_high": high}
        for name, value in given.items():
            if value is None and axis is not None:
                what = "the key of an axis" if name == letter else "a finite number"
                set_ = letter if plane[letter] is not None else other
                raise ConfigError(
                    f"landscape.{name}", None, f"{what} where landscape.{set_}={plane[set_]}"
                )
            if value is not None and axis is None:
                raise ConfigError(
                    f"landscape.{name}", value, "left out where there is no landscape.x"
                )
        if low is not None and high is not None and not low < high:
            raise ConfigError(
                f"landscape.{letter}_low", low, f"below landscape.{letter}_high={high}"
            )
        if low is not None and low <= 0 and plane[f"{letter}_scale"] == "log":
            raise ConfigError(
                f"landscape.{letter}_low", low, f"above 0 where landscape.{letter}_scale=log"
            )


def weight_number(key: str) -> int | None:
    """N of ``weight.N``; None for any other key."""
    found = _WEIGHT.fullmatch(key)
    return int(found[1]) if found else None


def varying(config: Config) -> list[str]:
    """The keys that may vary within a landscape of this configuration, besides weights."""
    weights = config.init.weights if isinstance(config.init, Given) else []
    keys = [
        f"{choice.group}.{item.name}"
        for choice in (config.init, config.optimizer)
        for item in leaves_of(type(choice))
        if str(item.type).startswith("float")
        and not (isinstance(choice, Given) and item.name not in weights)
    ]
    training = config.training
    if training.target_loss is not None:
        return [*keys, "training.target_loss"]
    return keys if training.criterion == RIGHT_SIDE else [*keys, "training.tolerance"]


def _check_names(config: Config) -> None:
    keys = {"x": config.landscape.x, "y": config.landscape.y}
    named = {letter: key for letter, key in keys.items() if key is not None}
    allowed = varying(config) if named else []
    for letter, key in named.items():
        if key not in allowed and weight_number(key) is None:
            choices = ", ".join(allowed)
            raise ConfigError(
                f"landscape.{letter}",
                key,
                f"a number that may differ between networks of one shape: {choices}, or weight.N",
            )
    x, y = keys.values()
    if x is None or y is None:
        return
    if x == y:
        raise ConfigError("landscape.y", y, "another key than landscape.x")
    for letter, key, other in (("x", x, y), ("y", y, x)):
        if key.startswith("init.") and weight_number(other) is not None:
            raise ConfigError(
                f"landscape.{letter}",
                key,
                f"outside init where the other axis is {other}: the weights are drawn once",
            )
