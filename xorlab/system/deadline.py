"""Calls that may take too long: the waiting ends in time, or at once with Ctrl-C."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def within(seconds: float, function: Callable[[], T]) -> T:
    """Call a function, and give up waiting for it after a while.

    It runs in a thread of its own. Nobody can stop it there: given up, it goes on by itself until
    it ends or the process does. An interrupt ends the waiting at once, wherever the function waits.

    Args:
        seconds: to wait at most.
        function: to call.

    Returns:
        what the function returns.

    Raises:
        TimeoutError: it was not done in time.
        Exception: what the function raises.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(function())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="xorlab-call", daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not returned:
        raise TimeoutError
    return returned[0]


def in_threads(count: int, function: Callable[[S], T], values: Sequence[S]) -> Iterator[T]:
    """Call a function for each of some values, a few of them at a time.

    For calls that wait for a server. Once the results are given up, as by an interrupt, calls that
    are under way are not waited for, and no further ones begin.

    Args:
        count: how many at a time.
        function: to call.
        values: for each of which it is called.

    Yields:
        what it returns, in the order of the values.

    Raises:
        Exception: what it raises.
    """
    results: list[Future[T]] = [Future() for _ in values]
    left = deque(zip(values, results, strict=True))

    def run() -> None:
        while left:
            try:
                value, result = left.popleft()
            except IndexError:  # another thread took it
                return
            try:
                result.set_result(function(value))
            except BaseException as error:
                result.set_exception(error)

    for _ in range(min(count, len(values))):
        threading.Thread(target=run, name="xorlab-calls", daemon=True).start()
    try:
        for result in results:
            yield result.result()
    finally:
        left.clear()
