"""Calls that may take too long: the waiting ends in time, or at once with Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

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
