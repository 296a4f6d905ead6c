"""A setting and everything that follows from it, computed once and carried."""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from xorlab.config.identity import RunKeys
from xorlab.config.values import as_texts, copied, flat, nested
from xorlab.trainers.trainer import Data, Trainer

_REMEMBERED = 8192  # settings whose texts are kept: a sweep may have a million of them


@dataclass(frozen=True, eq=False)
class Spec:
    """A setting: a configuration without its seed, with what follows from it.

    Attributes:
        trainer: that trains it.
        config: the configuration. Its seed is that of the run that it was made for. It must not
            be changed: the configurations of all runs share its sections.
        data: what the trainer reads once. A table was read when this was made, and is not read
            again: keys and tags are those of the content that is trained on.
        together: equal for settings whose runs can be trained in one call.
        key: ``key(seed)`` is the identity of a run, 32 hexadecimal digits.
    """

    trainer: Trainer
    config: Any
    data: Data
    together: Hashable
    key: RunKeys

    def run(self, seed: int) -> Any:
        """The configuration of one run."""
        config = copied(self.config)
        config.seed = seed
        return config

    @property
    def values(self) -> Mapping[str, Any]:
        """The identity params without the seed."""
        return _texts(self).values

    def params(self, seed: int) -> dict[str, str]:
        """The identity params of a run as they are typed on the command line."""
        return {"seed": str(seed), **_texts(self).params}

    def yaml(self, seed: int) -> str:
        """A run's own configuration as YAML, without where it is tracked.

        Files of one setting differ in their first line alone, which is the seed.
        """
        return f"seed: {seed}\n{_texts(self).yaml}"

    def name(self, seed: int) -> str:
        """A name that tells runs apart in a list, such as ``xor h=2 lr=0.5 seed=17``."""
        return f"{_texts(self).name} seed={seed}"


class Specs:
    """Makes the specs of many configurations: one per setting, each with its data read once."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._data: dict[Hashable, Data] = {}
        self._made: dict[str, Spec] = {}

    def of(self, config: Any) -> Spec:
        """The spec of a checked configuration, from now on shared by all that differ in the seed.

        Raises:
            ConfigError: the data cannot be read, such as a table that is not there.
        """
        # By their texts: 2 is not 2.0, and 0.0 is not -0.0, where they are recorded.
        texts = [repr(value) for key, value in flat(config).items() if key != "seed"]
        setting = "\0".join(texts)
        if setting not in self._made:
            self._made[setting] = spec_of(self._trainer, config, self._read(config))
        return self._made[setting]

    def _read(self, config: Any) -> Data:
        kind = self._trainer.data_key(config)
        if kind not in self._data:
            self._data[kind] = self._trainer.data(config)
        return self._data[kind]


def spec_of(trainer: Trainer, config: Any, data: Data = None) -> Spec:
    """The spec of one configuration.

    Args:
        trainer: of the configuration.
        config: checked; not to be changed afterwards.
        data: what the trainer reads; None to read it.

    Raises:
        ConfigError: the data cannot be read, such as a table that is not there, or the
            configuration does not fit them.
    """
    data = trainer.data(config) if data is None else data
    trainer.check_data(config, data)
    keys = trainer.run_keys(trainer.params(config), data)
    return Spec(trainer, config, data, trainer.together(config), keys)


def as_yaml(values: Mapping[str, Any], groups: Container[str]) -> str:
    """Flat values as a file of configuration."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    tree = nested(values, groups)
    # Sections and lists in one line; but a key in each line where there are neither.
    style = None if any(isinstance(value, dict | list) for value in tree.values()) else False
    return str(yaml.dump(tree, Dumper=dumper, sort_keys=False, default_flow_style=style))


@dataclass(frozen=True)
class _Texts:
    values: Mapping[str, Any]
    params: dict[str, str]
    yaml: str
    name: str


@lru_cache(_REMEMBERED)
def _texts(spec: Spec) -> _Texts:
    trainer = spec.trainer
    values = trainer.params(spec.config)
    text = as_yaml(values, trainer.schema.groups) if values else ""
    return _Texts(values, as_texts(values), text, trainer.label(spec.config))
