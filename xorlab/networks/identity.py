"""Which keys of the built-in trainer decide a run's outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xorlab.config.identity import RunKeys
from xorlab.config.values import flat, from_flat
from xorlab.errors import ConfigError
from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import FIELDS, Config

_LATER = {key: item.default for key, _, _, item in FIELDS if item.metadata["later"]}
_SILENT = {key: item.default for key, _, _, item in FIELDS if item.metadata["silent"]}
_NO_PART = ("plan", "tracking.", "landscape.")
# The keys that make a setting: those that decide a run's outcome, without its seed.
SETTING_KEYS = tuple(
    leaf.key for leaf in FIELDS if leaf.key != "seed" and not leaf.key.startswith(_NO_PART)
)


def identity_params(config: Config) -> dict[str, Any]:
    """The keys that decide a run's outcome, dotted, without those that play no part in it.

    A key that is not set or plays no part (the slope of a leaky_relu that is not there, an option
    that was added later and is not used) is left out; one hidden layer is a plain number.
    """
    values = {
        key: value
        for key, value in flat(config).items()
        if value is not None
        and not key.startswith(_NO_PART)
        and not (key in _SILENT and value == _SILENT[key])
    }
    if config.training.patience is None:
        values.pop("training.min_improvement", None)
    if len(config.hidden) == 1:
        values["network.hidden"] = config.hidden[0]
    used = {config.network.activation, config.network.output}
    if not any(kind.uses_slope for name, kind in Activation.choices().items() if name in used):
        del values["network.slope"]
    for choice in (config.task, config.init, config.optimizer):
        for name in choice.unused:
            del values[f"{choice.group}.{name}"]
    return values


def from_identity_params(values: Mapping[str, Any]) -> Config:
    """The reverse of `identity_params`: keys that were left out take their defaults.

    Raises:
        ConfigError: a key that the schema does not have.
    """
    for name, value in values.items():
        if name.startswith(_NO_PART):
            raise ConfigError(name, value, "a key that decides a run's outcome")
    return from_flat(Config, values)


def setting_params(config: Config) -> dict[str, Any]:
    """The identity params without the seed: runs that share them differ by chance alone."""
    return {name: value for name, value in identity_params(config).items() if name != "seed"}


def run_keys(values: Mapping[str, Any], data: Mapping[str, Any] | None = None) -> RunKeys:
    """The keys of a setting's runs.

    A key that came to the schema after runs had been recorded counts only where it is not at its
    default.

    Args:
        values: identity params; a seed among them does not count.
        data: what counts in place of the keys of the task, where it is a table: its content, so
            that the same data at another path is the same run.
    """
    counted = {
        name: value for name, value in values.items() if name not in _LATER or value != _LATER[name]
    }
    if data is not None:
        counted = {k: v for k, v in counted.items() if not k.startswith("task.")} | dict(data)
    return RunKeys(counted)
