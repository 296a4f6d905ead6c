"""A setting and everything that follows from it, computed once and carried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from xorlab.config.identity import RunKeys
from xorlab.config.values import as_texts, copied, flat, nested
from xorlab.networks.config import CHOICES, Config
from xorlab.networks.identity import run_keys, setting_params
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import Task, make_task
from xorlab.networks.train import ShardKey, shard_key

_REMEMBERED = 8192  # settings whose texts are kept: a sweep may have a million of them


@dataclass(frozen=True, eq=False)
class Spec:
    """A setting: a configuration without its seed, with what follows from it.

    Attributes:
        config: the configuration. Its seed is that of the run that it was made for. It must not
            be changed: the configurations of all runs share its sections.
        task: the patterns. A table was read when this was made, and is not read again: keys and
            tags are those of the content that is trained on.
        together: equal for settings whose runs can be trained as one array program.
        key: ``key(seed)`` is the identity of a run, 32 hexadecimal digits.
    """

    config: Config
    task: Task
    together: ShardKey
    key: RunKeys

    def run(self, seed: int) -> Config:
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
    """Makes the specs of many configurations: one per setting, each table read once."""

    def __init__(self) -> None:
        self._tasks: dict[object, Task] = {}
        self._made: dict[str, Spec] = {}

    def of(self, config: Config) -> Spec:
        """The spec of a checked configuration, from now on shared by all that differ in the seed.

        Raises:
            ConfigError: the task cannot be made, such as a table that is not there.
        """
        # By their texts: 2 is not 2.0, and 0.0 is not -0.0, where they are recorded.
        texts = [repr(value) for key, value in flat(config).items() if key != "seed"]
        setting = "\0".join(texts)
        if setting not in self._made:
            self._made[setting] = spec_of(config, self._task(config.task))
        return self._made[setting]

    def _task(self, config: TaskConfig) -> Task:
        kind = (config.name, *vars(config).values())
        if kind not in self._tasks:
            self._tasks[kind] = make_task(config)
        return self._tasks[kind]


def spec_of(config: Config, task: Task | None = None) -> Spec:
    """The spec of one configuration.

    Args:
        config: checked; not to be changed afterwards.
        task: its patterns; None to make them.

    Raises:
        ConfigError: the task cannot be made, such as a table that is not there.
    """
    task = make_task(config.task) if task is None else task
    keys = run_keys(setting_params(config), task.digest)
    return Spec(config, task, shard_key(config), keys)


def run_key(config: Config) -> str:
    """The identity of a run; see `xorlab.config.identity.RunKeys`.

    Raises:
        ConfigError: the run's table cannot be read.
    """
    return spec_of(config).key(config.seed)


def as_yaml(values: Mapping[str, Any]) -> str:
    """Flat values as a file of configuration."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(
        yaml.dump(nested(values, CHOICES), Dumper=dumper, sort_keys=False, default_flow_style=None)
    )


@dataclass(frozen=True)
class _Texts:
    values: Mapping[str, Any]
    params: dict[str, str]
    yaml: str
    name: str


@lru_cache(_REMEMBERED)
def _texts(spec: Spec) -> _Texts:
    values = setting_params(spec.config)
    return _Texts(values, as_texts(values), as_yaml(values), _name(spec.config))


def _name(config: Config) -> str:
    """Task, sizes, and the optimizer unless it is gradient descent: ``xor h=2 rprop``."""
    words = [config.task.label, f"h={'-'.join(map(str, config.hidden))}"]
    if config.optimizer.name != "gd":
        words.append(config.optimizer.name)
    rate = getattr(config.optimizer, "lr", None)
    if rate is not None:
        words.append(f"lr={rate:g}")
    return " ".join(words)
