"""Dispatch: work is submitted to an executor while it has room, and results come back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from xorlab.engines.local import Executor
from xorlab.engines.work import Runnable, WorkerDeathError

K = TypeVar("K")
T = TypeVar("T")

_INTERVAL = 0.5  # seconds at most between two calls of ``alive``
_MOST_DEATHS = 64  # of workers at the runs of one work, before those that are left fail together


def completed(
    works: Iterator[tuple[K, Runnable[T]]], executor: Executor, alive: Callable[[], None]
) -> Generator[tuple[K, T]]:
    """Results as they come, each with its key. A caller that stops early must close this.

    Where every worker that tried some work has died, its halves are tried, and so on: one run that
    ends its process costs only itself.

    Args:
        works: keys and work; the next is taken when the executor has room for it.
        executor: where the work is done; it is closed if this ends early.
        alive: called regularly; an error that it raises ends this.

    Raises:
        EngineError: the workers are gone.
    """
    submitted: dict[Future[T], _Piece[K, T]] = {}
    divided: deque[_Piece[K, T]] = deque()
    try:
        while True:
            while len(submitted) < executor.slots and (piece := _next(divided, works)):
                submitted[executor.submit(piece.work)] = piece
            if not submitted:
                return
            ended, _ = wait(submitted, timeout=_INTERVAL, return_when=FIRST_COMPLETED)
            alive()
            while ended:
                future = ended.pop()
                piece = submitted.pop(future)
                try:
                    whole = piece.ended(future.result())
                except WorkerDeathError as error:
                    if halves := piece.divided():
                        divided.extend(halves)
                        continue
                    whole = piece.ended(piece.work.on_worker_death(str(error)))
                if whole is not None:
                    yield whole
                del future, whole  # with the result, which the caller has used
            executor.check()
    except BaseException:
        executor.close()
        raise


@dataclass(eq=False)
class _Piece(Generic[K, T]):
    """Work, or a half of a piece of it.

    Attributes:
        key: of the whole work.
        work: that this piece is.
        parent: the piece whose half it is; None for the whole.
        number: which half, 0 or 1.
        deaths: of workers, counted with the whole.
        join: of the results of the halves, once there are some.
        results: of the halves so far, by number.
    """

    key: K
    work: Runnable[T]
    parent: _Piece[K, T] | None = None
    number: int = 0
    deaths: int = 0
    join: Callable[[Any, Any], Any] | None = None
    results: dict[int, T] = field(default_factory=dict)

    def divided(self) -> list[_Piece[K, T]]:
        """Its halves; none if it cannot be divided, or too many workers have died already."""
        whole = self
        while whole.parent is not None:
            whole = whole.parent
        whole.deaths += 1
        halves = self.work.halves() if whole.deaths < _MOST_DEATHS else None
        if halves is None:
            return []
        first, second, self.join = halves
        return [_Piece(self.key, first, self, 0), _Piece(self.key, second, self, 1)]

    def ended(self, result: T) -> tuple[K, T] | None:
        """The key and the result of the whole; None while another piece of it is missing."""
        parent = self.parent
        if parent is None:
            return self.key, result
        parent.results[self.number] = result
        if len(parent.results) < 2 or parent.join is None:
            return None
        return parent.ended(parent.join(parent.results[0], parent.results[1]))


def _next(
    divided: deque[_Piece[K, T]], works: Iterator[tuple[K, Runnable[T]]]
) -> _Piece[K, T] | None:
    if divided:
        return divided.popleft()
    following = next(works, None)
    return None if following is None else _Piece(*following)
