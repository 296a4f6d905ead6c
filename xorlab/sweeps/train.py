"""The training stage: work goes to an engine, and outcomes come back as they end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from xorlab.engines.dispatch import completed
from xorlab.engines.local import Executor
from xorlab.engines.work import Runnable
from xorlab.system.signals import Interrupts

K = TypeVar("K")
T = TypeVar("T")


@contextlib.contextmanager
def training(
    works: Iterator[tuple[K, Runnable[T]]],
    executor: Executor,
    tick: Callable[[], None] = lambda: None,
) -> Iterator[Iterator[tuple[K, T]]]:
    """Train while the block runs; its value iterates over labels and outcomes as they arrive.

    A block that breaks off stops the workers. Ctrl-C and SIGTERM break it off.

    Args:
        works: label and work; the next one is made when a worker has room for it.
        executor: the engine.
        tick: called about twice a second while no result comes.

    Raises:
        EngineError: no worker is left.
    """
    with (
        Interrupts() as interrupts,
        contextlib.closing(completed(works, executor, _both(interrupts.check, tick))) as outcomes,
    ):
        yield outcomes


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        first()
        second()

    return call
