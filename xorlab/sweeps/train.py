"""The training stage: work goes to an engine, and outcomes come back as they end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TypeVar

from xorlab.engines.dispatch import completed
from xorlab.engines.local import Executor
from xorlab.engines.work import Runnable
from xorlab.system.signals import Interrupts

K = TypeVar("K")
T = TypeVar("T")


@contextlib.contextmanager
def training(
    works: Iterator[tuple[K, Runnable[T]]], executor: Executor
) -> Iterator[Iterator[tuple[K, T]]]:
    """Train while the block runs; its value iterates over labels and outcomes as they arrive.

    A block that breaks off stops the workers. Ctrl-C and SIGTERM break it off.

    Args:
        works: label and work; the next one is made when a worker has room for it.
        executor: the engine.

    Raises:
        EngineError: no worker is left.
    """
    with (
        Interrupts() as interrupts,
        contextlib.closing(completed(works, executor, interrupts.check)) as outcomes,
    ):
        yield outcomes
