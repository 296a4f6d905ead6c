"""The end of a command's process, in time."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import NoReturn

from xorlab.system.streams import INTERRUPTED, TERMINATED

_ENDING = 0.3  # seconds in which threads end by themselves


def leave(code: int) -> NoReturn:
    """End the process of a command; after Ctrl-C or SIGTERM, without threads that go on.

    Python would wait for them: a thread of a library may wait for a server that does not answer.

    Args:
        code: of the exit.
    """
    if code in (INTERRUPTED, TERMINATED) and _threads_go_on():
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _threads_go_on() -> bool:
    """Whether there are other threads, once those that may end soon have had time for it.

    A thread that a daemon thread has started is one too, but Python waits for those of a pool.
    """
    deadline = time.monotonic() + _ENDING
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            if not thread.daemon:
                thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return True
    return False
