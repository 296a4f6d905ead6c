"""Rules for the plane of a landscape of networks: which keys may vary."""

from __future__ import annotations

import re

from xorlab.config.schema import leaves_of
from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.initializers.given import Given
from xorlab.networks.training_config import RIGHT_SIDE
from xorlab.trainers import planes

_WEIGHT = re.compile(r"weight\.([1-9][0-9]*)")


def check_plane(config: Config) -> None:
    """Refuse a plane that is incomplete, or whose axes cannot vary.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    x, y = config.landscape.x, config.landscape.y
    allowed = varying(config) if x is not None or y is not None else []
    what = f"a number that may differ between networks of one shape: {', '.join(allowed)}"
    planes.check_plane(
        config.landscape, dict.fromkeys(allowed, False), f"{what}, or weight.N", _is_weight
    )
    for letter, key, other in (("x", x, y), ("y", y, x)):
        if key is not None and other is not None and key.startswith("init.") and _is_weight(other):
            raise ConfigError(
                f"landscape.{letter}",
                key,
                f"outside init where the other axis is {other}: the weights are drawn once",
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


def _is_weight(key: str) -> bool:
    return weight_number(key) is not None
