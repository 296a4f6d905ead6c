"""An engine from its options."""

from __future__ import annotations

import importlib
from types import ModuleType

from xorlab.engines.local import Executor, make_executor, worker_count
from xorlab.engines.options import Options
from xorlab.errors import UsageError


def make_engine(options: Options) -> Executor:
    """The engine; a cluster is looked for, and nothing starts yet.

    Raises:
        UsageError: its extra is not installed.
        EngineError: the cluster cannot be reached.
    """
    if options.engine == "local":
        return make_executor(options.executor, worker_count(options.workers))
    module = importlib.import_module(f"xorlab.engines.{options.engine}")
    executor: Executor = module.make(options)
    return executor


def extra(engine: str, name: str) -> ModuleType:
    """The library of an engine, which is no part of a plain installation.

    Raises:
        UsageError: it is not there.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"hydra.launcher.engine={engine}: needs the extra xorlab[{engine}], which is not "
            f"installed here ({error}): pip install 'xorlab[{engine}]'"
        ) from error
