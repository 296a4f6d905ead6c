"""Configurations of the built-in trainer from overrides, as on the command line."""

from __future__ import annotations

import copy
from functools import cache

from xorlab.config.compose import Composer, own_composer
from xorlab.config.messages import readable
from xorlab.errors import UsageError
from xorlab.networks.config import SCHEMA, Config
from xorlab.networks.rules import check


def configure(*overrides: str) -> Config:
    """The configuration that these overrides name, as on the command line.

    Raises:
        UsageError: an unknown key or group, or an override that cannot be parsed.
        ConfigError: a value that cannot be used.
    """
    for override in overrides:
        if not isinstance(override, str):
            raise UsageError(
                f"configure: takes overrides as text, each by itself, as "
                f"configure('seed=7', 'optimizer.lr=0.5'); this is a {type(override).__name__}"
            )
    with readable(SCHEMA, overrides):
        config: Config = copy.deepcopy(_composer().compose(overrides))
    check(config)
    return config


@cache
def _composer() -> Composer:
    return own_composer(SCHEMA)
