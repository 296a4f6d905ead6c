"""Dispatch: work is submitted to an executor while it has room, and results come back."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

from xorlab.engines.local import Executor
from xorlab.engines.work import Runnable

K = TypeVar("K")
T = TypeVar("T")

_INTERVAL = 0.5  # seconds at most between two calls of ``alive``


def completed(
    works: Iterator[tuple[K, Runnable[T]]], executor: Executor, alive: Callable[[], None]
) -> Generator[tuple[K, T]]:
    """Results as they come, each with its key. A caller that stops early must close this.

    Args:
        works: keys and work; the next is taken when the executor has room for it.
        executor: where the work is done; it is closed if this ends early.
        alive: called regularly; an error that it raises ends this.

    Raises:
        EngineError: the workers are gone.
    """
    keys: dict[Future[T], K] = {}
    try:
        while True:
            while len(keys) < executor.slots and (following := next(works, None)):
                key, work = following
                keys[executor.submit(work)] = key
            if not keys:
                return
            ended, _ = wait(keys, timeout=_INTERVAL, return_when=FIRST_COMPLETED)
            alive()
            while ended:
                future = ended.pop()
                yield keys.pop(future), future.result()
                del future  # with its result, which the caller has used
            executor.check()
    except BaseException:
        executor.close()
        raise
