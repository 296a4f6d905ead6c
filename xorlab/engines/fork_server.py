"""The process that worker processes are forked from: one for each process of ours.

Python starts it when the first worker is wanted, and again if it has died. What is here keeps it
from holding us up: a stopped or dying fork server must cost neither a result nor an exit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from multiprocessing import forkserver, resource_tracker

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
# Names of sockets have 108 bytes, and Python's go on with a folder and a file of its own.
_LONGEST_FOLDER = 108 - len("/pymp-xxxxxxxx/listener-xxxxxxxx") - 1


def is_possible() -> bool:
    """Whether a fork server can be reached: its socket stands in the folder for temporary files."""
    if not hasattr(socket, "AF_UNIX"):
        return False
    return len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_FOLDER


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """While the block runs, this thread starts processes in which Ctrl-C and SIGTERM are blocked.

    Ctrl-C reaches every process of the terminal. The fork server ignores it only once it has
    imported what workers need, which takes a second. A worker calls `accept_signals`.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it changes which signals this thread blocks
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def kill() -> None:
    """End the fork server, also one that is stopped; the next worker starts another one.

    A process that waits for an answer from it gets an error.
    """
    pid = getattr(forkserver._forkserver, "_forkserver_pid", None)  # noqa: SLF001
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def accept_signals() -> None:
    """In a worker, which has inherited it: block Ctrl-C and SIGTERM no more."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)
