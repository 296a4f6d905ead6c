"""An engine from its options, and what engines have in common."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import ModuleType
from typing import TypeVar

from xorlab.errors import EngineError, UsageError
from xorlab.sweep.engines.options import Options
from xorlab.sweep.engines.worker import versions
from xorlab.sweep.executors import Executor, make_executor, worker_count
from xorlab.sweep.wire import unpack_outcome

T = TypeVar("T")

TRIES = 2  # how often a shard is begun, where its worker is killed


def make_engine(options: Options) -> Executor:
    """The engine; a cluster is looked for, and nothing starts yet.

    Raises:
        UsageError: its extra is not installed.
        EngineError: the cluster cannot be reached.
    """
    if options.engine == "local":
        return make_executor(options.executor, worker_count(options.workers))
    module = importlib.import_module(f"xorlab.sweep.engines.{options.engine}")
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


def refuse_other_versions(engine: str, there: dict[str, str]) -> None:
    """Another version would train other bits, or not understand what it is sent.

    Raises:
        EngineError: a worker's versions are not those of this process.
    """
    here = versions()
    other = [f"{name} {there.get(name)}" for name in here if there.get(name) != here[name]]
    if other:
        mine = ", ".join(f"{name} {version}" for name, version in here.items())
        raise EngineError(
            f"hydra.launcher.engine={engine}: a worker has {', '.join(other)}, and here there is "
            f"{mine}: the same versions are needed for the same bits"
        )


def fastest(errand: Callable[[], object]) -> float:
    """Seconds of the fastest of three: what handing over costs where nobody is in the way."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        errand()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def settle(future: Future[T], outcome: T | bytes) -> None:
    """Give a future its outcome, once: an engine may run a shard twice."""
    if future.done():
        return
    try:
        future.set_result(unpack_outcome(outcome) if isinstance(outcome, bytes) else outcome)
    except Exception as error:  # not whole, or of another version
        future.set_exception(EngineError(f"a worker sent what cannot be read: {error!r}"))
