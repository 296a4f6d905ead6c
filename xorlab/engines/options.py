"""The keys under `hydra.launcher` that choose where to train."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from xorlab.config.fields import is_integer, is_positive, is_text
from xorlab.engines import clusters
from xorlab.engines.local import EXECUTORS
from xorlab.errors import ConfigError

LOCAL = "local"
ENGINES = (LOCAL, *clusters.CLUSTERS)
_WAIT = 3600.0  # seconds; a queue may be long
_MOST = 1_000_000


@dataclass(frozen=True)
class Options:
    """What is asked of an engine; null for the engine's own choice.

    Attributes:
        engine: `local`, or one of `xorlab.engines.clusters`.
        executor: local: `processes`, `threads` or `inline`.
        workers: how many shards are trained at a time; local: null for one per core; slurm: how
            many jobs to ask for; ray, dask: null for as many as the cluster has room for.
        address: ray: of the cluster, null for the one of this machine; dask: of the scheduler.
        partition: slurm: null for the default one.
        time: slurm: minutes that a job may take.
        memory: slurm, ray: MiB for each worker.
        cpus: slurm, ray: cores for each worker.
        folder: slurm: where shards, results and logs are kept, on a disk that all nodes share.
        start_timeout: slurm, ray, dask: seconds to wait while there is no worker.
    """

    engine: str = "local"
    executor: str = "processes"
    workers: int | None = None
    address: str | None = None
    partition: str | None = None
    time: int | None = None
    memory: int | None = None
    cpus: int | None = None
    folder: str | None = None
    start_timeout: float | None = None

    @classmethod
    def of(cls, launcher: Any) -> Options:
        """The options of a launcher, or of the launcher's node in a configuration.

        Raises:
            ConfigError: a value cannot be used, or a key not with this engine.
        """
        names = [item.name for item in dataclasses.fields(cls)]
        if isinstance(launcher, Mapping):
            options = cls(**{name: launcher[name] for name in names})
        else:
            options = cls(**{name: getattr(launcher, name) for name in names})
        options.check()
        return options

    @property
    def wait(self) -> float:
        """Seconds to wait while there is no worker."""
        return _WAIT if self.start_timeout is None else self.start_timeout

    def processes_here(self, workers: int) -> int:
        """How many of ``workers`` are processes on this machine and need its memory."""
        return workers if self.engine == "local" and self.executor == "processes" else 0

    def check(self) -> None:
        """Refuse what cannot be used.

        Raises:
            ConfigError: names the key, the value and what is allowed.
        """
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            allowed, is_right = _KEYS[item.name]
            if value is not None and not is_right(value):
                raise ConfigError(f"hydra.launcher.{item.name}", value, allowed)
            if value != item.default and item.name not in _keys_of(self.engine):
                engines = [name for name in ENGINES if item.name in _keys_of(name)]
                raise ConfigError(
                    f"hydra.launcher.{item.name}",
                    value,
                    f"left out where hydra.launcher.engine={self.engine}; "
                    f"it belongs to {' and '.join(engines)}",
                )
        if self.engine == LOCAL:
            return
        for name, what in _module(self.engine).REQUIRED.items():
            if getattr(self, name) is None:
                raise ConfigError(
                    f"hydra.launcher.{name}",
                    None,
                    f"{what} where hydra.launcher.engine={self.engine}",
                )


def _module(engine: str) -> ModuleType:
    return import_module(f"{clusters.__name__}.{engine}")


def _keys_of(engine: str) -> tuple[str, ...]:
    """The keys that an engine uses."""
    own = ("executor",) if engine == LOCAL else _module(engine).KEYS
    return ("engine", "workers", *own)


_KEYS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "engine": ("one of " + ", ".join(ENGINES), lambda v: v in ENGINES),
    "executor": ("one of " + ", ".join(EXECUTORS), lambda v: v in EXECUTORS),
    "workers": ("an integer >= 1, or null", is_integer(1, _MOST)),
    "address": ("the address of a cluster", is_text),
    "partition": ("the name of a partition", is_text),
    "time": ("an integer >= 1: minutes", is_integer(1, _MOST)),
    "memory": ("an integer >= 1: MiB", is_integer(1, 1 << 40)),
    "cpus": ("an integer >= 1: cores for each worker", is_integer(1, _MOST)),
    "folder": ("the path of a folder", is_text),
    "start_timeout": ("a number > 0: seconds", is_positive),
}
