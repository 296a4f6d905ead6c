"""Which of the launcher's keys an engine uses and needs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from xorlab.config.launcher_keys import LauncherConfig, keys_of
from xorlab.engines import clusters
from xorlab.errors import ConfigError

LOCAL = "local"
ENGINES = (LOCAL, *clusters.CLUSTERS)


def check_options(options: LauncherConfig) -> None:
    """Refuse values that cannot be used, and keys that the engine does not use.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    if options.engine not in ENGINES:
        allowed = f"one of {', '.join(ENGINES)}"
        raise ConfigError("hydra.launcher.engine", options.engine, allowed)
    options.check()
    for item in keys_of(LauncherConfig):
        value = getattr(options, item.name)
        if value != item.default and item.name not in _keys_used(options.engine):
            engines = [name for name in ENGINES if item.name in _keys_used(name)]
            raise ConfigError(
                f"hydra.launcher.{item.name}",
                value,
                f"left out where hydra.launcher.engine={options.engine}; "
                f"it belongs to {' and '.join(engines)}",
            )
    if options.engine == LOCAL:
        return
    for name, what in _module(options.engine).REQUIRED.items():
        if getattr(options, name) is None:
            raise ConfigError(
                f"hydra.launcher.{name}",
                None,
                f"{what} where hydra.launcher.engine={options.engine}",
            )


def _module(engine: str) -> ModuleType:
    return import_module(f"{clusters.__name__}.{engine}")


def _keys_used(engine: str) -> tuple[str, ...]:
    own = ("executor",) if engine == LOCAL else _module(engine).KEYS
    return ("engine", "workers", *own)
