"""The keys under `hydra.launcher` that say where to train."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xorlab.config.fields import is_integer, is_positive, is_text
from xorlab.engines.local import EXECUTORS
from xorlab.errors import ConfigError

ENGINES = ("local", "slurm", "ray", "dask")
_WAIT = 3600.0  # seconds; a queue may be long
_MOST = 1_000_000


@dataclass(frozen=True)
class Options:
    """What is asked of an engine; null for what the engine does by itself.

    Attributes:
        engine: `local`, `slurm`, `ray` or `dask`.
        executor: local: `processes`, `threads` or `inline`.
        workers: how many shards are trained at a time; local: null for one per core; slurm: how
            many jobs to ask for; ray, dask: null for as many as the cluster has room for.
        address: ray: of the cluster, null for the one of this machine; dask: of the scheduler.
        partition: slurm: null for the default one.
        time: slurm: minutes that a job may take.
        memory: slurm, ray: MiB for each worker.
        cpus: slurm, ray: cores for each worker.
        folder: slurm: where shards and logs pass, on a disk that all nodes share.
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
        """Those of a launcher, or of its node in a configuration.

        Raises:
            ConfigError: a key that cannot be used, or not with that engine.
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
        """How many of so many workers are processes of this machine's, which need its memory."""
        return workers if self.engine == "local" and self.executor == "processes" else 0

    def check(self) -> None:
        """Refuse what cannot be used.

        Raises:
            ConfigError: names the key, the value and what is allowed.
        """
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            allowed, is_right, engines = _KEYS[item.name]
            if value is not None and not is_right(value):
                raise ConfigError(f"hydra.launcher.{item.name}", value, allowed)
            if value != item.default and self.engine not in engines:
                raise ConfigError(
                    f"hydra.launcher.{item.name}",
                    value,
                    f"left out where hydra.launcher.engine={self.engine}; "
                    f"it belongs to {' and '.join(engines)}",
                )
        if self.engine == "slurm" and self.workers is None:
            raise ConfigError(
                "hydra.launcher.workers",
                None,
                "how many Slurm jobs to ask for where hydra.launcher.engine=slurm",
            )
        if self.engine == "dask" and self.address is None:
            raise ConfigError(
                "hydra.launcher.address",
                None,
                "the scheduler's address where hydra.launcher.engine=dask, "
                "such as tcp://127.0.0.1:8786",
            )


_Check = tuple[str, Callable[[Any], bool], tuple[str, ...]]
_KEYS: dict[str, _Check] = {
    "engine": ("one of " + ", ".join(ENGINES), lambda v: v in ENGINES, ENGINES),
    "executor": ("one of " + ", ".join(EXECUTORS), lambda v: v in EXECUTORS, ("local",)),
    "workers": ("an integer >= 1, or null", is_integer(1, _MOST), ENGINES),
    "address": ("the address of a cluster", is_text, ("ray", "dask")),
    "partition": ("the name of a partition", is_text, ("slurm",)),
    "time": ("an integer >= 1: minutes", is_integer(1, _MOST), ("slurm",)),
    "memory": ("an integer >= 1: MiB", is_integer(1, 1 << 40), ("slurm", "ray")),
    "cpus": ("an integer >= 1: cores for each worker", is_integer(1, _MOST), ("slurm", "ray")),
    "folder": ("the path of a folder", is_text, ("slurm",)),
    "start_timeout": ("a number > 0: seconds", is_positive, ("slurm", "ray", "dask")),
}
