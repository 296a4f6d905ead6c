"""An engine from its options."""

from __future__ import annotations

import importlib
from types import ModuleType

from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines import clusters
from xorlab.engines.local import Executor, make_executor, worker_count
from xorlab.engines.options import LOCAL, check_options
from xorlab.errors import UsageError


def make_engine(options: LauncherConfig) -> Executor:
    """The engine, connected to its cluster; no worker starts yet.

    Raises:
        ConfigError: a value cannot be used, or a key not with this engine.
        UsageError: its extra is not installed.
        EngineError: the cluster cannot be reached.
    """
    check_options(options)
    if options.engine == LOCAL:
        return make_executor(options.executor, worker_count(options.workers))
    module = importlib.import_module(f"{clusters.__name__}.{options.engine}")
    executor: Executor = module.make(options)
    return executor


def extra(engine: str, name: str) -> ModuleType:
    """The library that an engine needs, which a plain installation does not have.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"hydra.launcher.engine={engine}: needs the extra xorlab[{engine}], which is not "
            f"installed here ({error}): pip install 'xorlab[{engine}]'"
        ) from error
