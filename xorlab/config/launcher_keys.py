"""The keys under `hydra.launcher` and `hydra.sweeper`: where a sweep trains, and with which seeds.

Hydra's plug-ins, the engines, `--help` and messages all use the classes here. Hydra imports this
module on every start of every Hydra application, so it imports neither NumPy nor Hydra.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import Field, dataclass, field
from typing import Any

from xorlab.config.fields import MAX_SEED, is_finite, is_integer, is_positive, is_text
from xorlab.errors import ConfigError

EXECUTORS = ("processes", "threads", "inline")

_PLUG_INS = "hydra_plugins.xorlab.vectorized"
_LONGEST_WAIT = 3600.0  # seconds; a queue may be long
_MOST = 1_000_000


def _key(
    default: Any,
    help: str,  # noqa: A002
    allowed: str,
    check: Callable[[Any], bool],
) -> Any:
    """A field that carries what `--help` prints and what `check` enforces.

    Args:
        default: its value if nothing sets it.
        help: what the key means.
        allowed: which values it may have, as the end of "must be ...".
        check: whether it may have a value.
    """
    return field(default=default, metadata={"help": help, "allowed": allowed, "check": check})


def _is_between(low: float, high: float) -> Callable[[Any], bool]:
    return lambda v: is_finite(v) and low < v < high


@dataclass
class LauncherConfig:
    """Keys of `hydra.launcher`: the engine, and what it is asked for; null for its own choice.

    Which keys an engine uses and needs is in the engine's own module.
    """

    _target_: str = f"{_PLUG_INS}.VectorizedLauncher"
    engine: str = _key(
        "local",
        "this machine, or a cluster: one of local, slurm, ray, dask (with the extra "
        "xorlab[slurm], xorlab[ray] or xorlab[dask])",
        "the name of an engine",
        is_text,
    )
    executor: str = _key(
        "processes",
        "local: where networks are trained; one of processes, threads, inline",
        "one of " + ", ".join(EXECUTORS),
        lambda v: v in EXECUTORS,
    )
    workers: int | None = _key(
        None,
        "how many at a time; local: null for all cores; slurm: how many jobs to ask for; ray, "
        "dask: null for all that there is room for",
        "an integer >= 1, or null",
        is_integer(1, _MOST),
    )
    address: str | None = _key(
        None,
        "ray: of the cluster, null for this machine's; dask: of the scheduler",
        "the address of a cluster",
        is_text,
    )
    partition: str | None = _key(None, "slurm: its name", "the name of a partition", is_text)
    time: int | None = _key(
        None,
        "slurm: minutes that a job may take",
        "an integer >= 1: minutes",
        is_integer(1, _MOST),
    )
    memory: int | None = _key(
        None,
        "slurm, ray: MiB for each worker",
        "an integer >= 1: MiB",
        is_integer(1, 1 << 40),
    )
    cpus: int | None = _key(
        None,
        "slurm, ray: cores for each worker",
        "an integer >= 1: cores for each worker",
        is_integer(1, _MOST),
    )
    folder: str | None = _key(
        None,
        "slurm: where work passes, on a disk that all nodes see; null: slurm",
        "the path of a folder",
        is_text,
    )
    start_timeout: float | None = _key(
        None,
        "slurm, ray, dask: seconds to wait while there is no worker; null: 3600",
        "a number > 0: seconds",
        is_positive,
    )

    @property
    def wait(self) -> float:
        """Seconds to wait while there is no worker."""
        return _LONGEST_WAIT if self.start_timeout is None else self.start_timeout

    def processes_here(self, workers: int) -> int:
        """How many of so many workers are processes that use memory of this machine."""
        return workers if self.engine == "local" and self.executor == "processes" else 0

    def check(self) -> None:
        """Refuse values that cannot be used.

        Raises:
            ConfigError: names the key, the value and what is allowed.
        """
        for item in keys_of(LauncherConfig):
            value = getattr(self, item.name)
            if value is not None:
                _check("hydra.launcher", item, value)


@dataclass
class SweeperConfig:
    """Keys of `hydra.sweeper`.

    Attributes:
        params: overrides that belong to the sweep itself, such as a study's; the command line's
            come later and win.
    """

    _target_: str = f"{_PLUG_INS}.VectorizedSweeper"
    params: dict[str, Any] | None = field(default_factory=dict)


_PRECISION = "precision"  # before the keys of this sweeper among the params of a parent run
CONFIDENCE_PARAM = f"{_PRECISION}.confidence"


@dataclass
class PrecisionConfig:
    """Keys of `hydra.sweeper` with `hydra/sweeper=precision`; `params` as in `SweeperConfig`."""

    _target_: str = f"{_PLUG_INS}.PrecisionSweeper"
    params: dict[str, Any] | None = field(default_factory=dict)
    half_width: float = _key(
        0.05,
        "a setting has seeds enough when the interval of its success rate is at most twice this "
        "wide; above 0 and below 0.5",
        "a number above 0 and below 0.5",
        _is_between(0.0, 0.5),
    )
    confidence: float = _key(
        0.95,
        "of that interval, however often it is looked at; between 0 and 1",
        "a number above 0 and below 1",
        _is_between(0.0, 1.0),
    )
    max_seeds: int = _key(
        1000,
        "seeds that a setting gets at most",
        f"an integer from 1 to {_MOST}",
        is_integer(1, _MOST),
    )
    first_seed: int = _key(
        0,
        "every setting begins with this one",
        f"an integer from 0 to {MAX_SEED}",
        is_integer(0, MAX_SEED),
    )
    first_round: int = _key(
        20,
        "seeds that every setting gets before the first look",
        f"an integer from 1 to {_MOST}",
        is_integer(1, _MOST),
    )

    def check(self) -> None:
        """Refuse values that cannot be used.

        Raises:
            ConfigError: names the key, the value and what is allowed.
        """
        for item in keys_of(PrecisionConfig):
            _check("hydra.sweeper", item, getattr(self, item.name))
        for name, low, high in (
            ("first_seed", 0, MAX_SEED + 1 - self.max_seeds),
            ("first_round", 1, self.max_seeds),
        ):
            value = getattr(self, name)
            if not is_integer(low, high)(value):
                raise ConfigError(
                    f"hydra.sweeper.{name}", value, f"an integer from {low} to {high}"
                )

    def spelled(self) -> dict[str, str]:
        """The keys as params of the parent run."""
        return {
            f"{_PRECISION}.{item.name}": str(getattr(self, item.name))
            for item in keys_of(PrecisionConfig)
        }


def keys_of(config: type[LauncherConfig | PrecisionConfig]) -> list[Field[Any]]:
    """The fields that a user sets as keys."""
    return [item for item in dataclasses.fields(config) if "help" in item.metadata]


def _check(node: str, item: Field[Any], value: object) -> None:
    if not item.metadata["check"](value):
        raise ConfigError(f"{node}.{item.name}", value, item.metadata["allowed"])


# Dotted keys, as they are typed, and the choice that each belongs to.
SWEEP_KEYS = {
    **{f"hydra.launcher.{i.name}": "hydra/launcher=vectorized" for i in keys_of(LauncherConfig)},
    **{f"hydra.sweeper.{i.name}": "hydra/sweeper=precision" for i in keys_of(PrecisionConfig)},
}
