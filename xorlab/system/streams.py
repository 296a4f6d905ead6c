"""Standard output and standard error of a command: to print must never cost a result."""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import ParamSpec, TextIO, cast

from xorlab.system.early_imports import EarlyImport
from xorlab.system.signals import Terminated, interruptions, interrupts_kept, terminations

P = ParamSpec("P")

_FAILED = 1
# As a shell tells a program that SIGINT, SIGPIPE or SIGTERM ended.
INTERRUPTED, _BROKEN_PIPE, TERMINATED = 130, 141, 143


class Output:
    """A text stream on which writing does not fail.

    The first error is kept, and from then on all that is written is dropped. Characters that the
    stream's encoding does not have are written as escapes.

    Args:
        stream: to write to.

    Attributes:
        error: the first one; None for none.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.error: OSError | None = None
        if hasattr(stream, "reconfigure") and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or drop, a text; returns its length."""
        if self.error is None:
            with self._noticed():
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write, or drop, what is still in a buffer."""
        if self.error is None:
            with self._noticed():
                self._stream.flush()

    @contextlib.contextmanager
    def _noticed(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.error = error
            # What is in the buffer would raise it again when Python ends.
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


def prints(name: str) -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Decorate the function of a command, which returns its exit code.

    A reader that has gone away ends nothing: the command does its work, and its exit code is 141
    where it would be 0. If the output cannot be written for another reason, the code is 1, and a
    line on standard error says why. A stream that was closed before the start is none at all.

    Ctrl-C and SIGTERM end the command wherever it is: exit code 130 or 143, and no traceback.

    Args:
        name: of the command, for that line.
    """

    def decorated(command: Callable[P, int]) -> Callable[P, int]:
        @functools.wraps(command)
        def run(*arguments: P.args, **options: P.kwargs) -> int:
            if isinstance(sys.stdout, Output):  # a command within a command
                return command(*arguments, **options)
            _leave_memory()
            with _outputs() as out:
                code = _interruptible(lambda: _prepared(command)(*arguments, **options))
                out.flush()
                if out.error is None or code:
                    return code
                if out.error.errno == errno.EPIPE:
                    return _BROKEN_PIPE
                sys.stderr.write(
                    f"{name}: standard output: {out.error.strerror}; the work is done, but what "
                    "it printed is lost\n"
                )
                return _FAILED

        return run

    return decorated


@functools.cache
def _leave_memory() -> None:
    """Let the system free the memory of this process when it ends.

    Python would look for garbage twice among some 200,000 objects: on a busy machine that takes
    most of the time in which Ctrl-C ends a command.
    """
    atexit.register(gc.freeze)


def _prepared(command: Callable[P, int]) -> Callable[P, int]:
    """The command, after an import that NumPy's C code would do.

    There, a Ctrl-C would become an ImportError, and the interrupt would be lost.
    """
    importlib.import_module("datetime")
    return command


def _interruptible(command: Callable[[], int]) -> int:
    try:
        with terminations(), interrupts_kept(), interruptions():
            return command()
    except KeyboardInterrupt as interrupt:
        EarlyImport.give_up()
        return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED


@contextlib.contextmanager
def _outputs() -> Iterator[Output]:
    before = sys.stdout, sys.stderr
    if None in before:
        _open_closed_descriptors()
    nowhere = [open(os.devnull, "w") for stream in before if stream is None]  # noqa: PTH123, SIM115
    out, err = (Output(stream or nowhere[0]) for stream in before)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    try:
        yield out
    finally:
        err.flush()
        sys.stdout, sys.stderr = before
        for stream in nowhere:
            stream.close()


def _open_closed_descriptors() -> None:
    """Else the next file that is opened, such as a database, would be standard output."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= 2:
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)
