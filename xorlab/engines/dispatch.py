"""Work out to an executor, outcomes back, until none is left."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

from xorlab.engines.local import Executor
from xorlab.engines.work import Runnable

K = TypeVar("K")
T = TypeVar("T")

_WAIT = 0.5  # seconds between signs of life


def completed(
    works: Iterator[tuple[K, Runnable[T]]], executor: Executor, alive: Callable[[], None]
) -> Generator[tuple[K, T]]:
    """What became of each work, as it ends; to be closed by whoever breaks off.

    Args:
        works: each with what it is known by; asked for the next when there is room for it.
        executor: where it is done; it gives up what is under way where this breaks off.
        alive: called now and then; what it raises breaks this off.

    Raises:
        EngineError: there are no workers any more.
    """
    under_way: dict[Future[T], K] = {}
    try:
        while True:
            while len(under_way) < executor.slots and (following := next(works, None)):
                known, work = following
                under_way[executor.submit(work)] = known
            if not under_way:
                return
            ended, _ = wait(under_way, timeout=_WAIT, return_when=FIRST_COMPLETED)
            alive()
            while ended:  # and let go of: an outcome that somebody has taken needs no room
                future = ended.pop()
                yield under_way.pop(future), future.result()
                del future
            executor.check()
    except BaseException:
        executor.close()
        raise
