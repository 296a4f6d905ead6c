"""The working directory, which other people's code may change."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_inside = 0
_folder = ""


@contextlib.contextmanager
def kept_working_folder() -> Iterator[None]:
    """Return to the working directory at the end of the block.

    Threads share one working directory: it is that of the first block that they are in together.
    """
    global _inside, _folder
    with _lock:
        if not _inside:
            try:
                _folder = os.getcwd()  # noqa: PTH109  (a path object for each run costs more)
            except OSError:  # it was deleted
                _folder = ""
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            _return()


def _return() -> None:
    with contextlib.suppress(OSError):  # one of the two was deleted
        if _folder and os.getcwd() != _folder:  # noqa: PTH109
            os.chdir(_folder)
