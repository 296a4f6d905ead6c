"""Ctrl-C and SIGTERM: none gets lost, and none leaves a file half-written."""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from xorlab.errors import causes

_AGAIN = 0.005  # seconds after which a callback in which an interrupt was lost has ended


class Terminated(KeyboardInterrupt):
    """SIGTERM: what `kill`, a batch system or a machine that shuts down sends.

    Treated like Ctrl-C, except for the exit code.
    """


@contextlib.contextmanager
def terminations() -> Iterator[None]:
    """While the block runs, SIGTERM raises `Terminated`, unless it has a handler already."""
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if ours:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def interrupts_kept() -> Iterator[None]:
    """While the block runs, an interrupt that Python cannot raise is sent once more.

    Python raises an interrupt wherever the main thread happens to be. In a finaliser, or in what
    is called when a weakly referenced object goes, it can only be printed, and would be lost.
    """
    before, inside = sys.unraisablehook, True

    def again(number: int) -> None:
        time.sleep(_AGAIN)
        if inside:
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    def hook(unraisable: Any) -> None:
        kind = unraisable.exc_type
        if kind is None or not issubclass(kind, KeyboardInterrupt):
            before(unraisable)
        elif not Interrupts.watching:
            number = signal.SIGTERM if issubclass(kind, Terminated) else signal.SIGINT
            # Not a `Thread`, which takes locks: the main thread may hold them just now.
            _thread.start_new_thread(again, (number,))

    sys.unraisablehook = hook
    try:
        yield
    finally:
        inside = False
        sys.unraisablehook = before


@contextlib.contextmanager
def interruptions() -> Iterator[None]:
    """Turn an error of the block that was caused by Ctrl-C or SIGTERM back into the interrupt.

    While an interrupt unwinds the stack, a library may raise an error of its own, for example when
    it closes an archive with a half-written member. That error would hide the interrupt.
    """
    try:
        yield
    except Exception as error:
        for cause in causes(error):
            if isinstance(cause, KeyboardInterrupt):
                # A new one: the same one raised from its consequence would be its own cause.
                raise type(cause) from error
        raise


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Defer Ctrl-C and SIGTERM to the end of the block, for work that must not stop halfway."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[tuple[Callable[[int, None], object], int]] = []
    try:
        with _collected(signal.SIGINT, received), _collected(signal.SIGTERM, received):
            yield
    finally:
        for handler, number in received[:1]:
            handler(number, None)


@contextlib.contextmanager
def _collected(number: signal.Signals, received: list[tuple[Any, int]]) -> Iterator[None]:
    """While the block runs, collect a signal with its handler instead of calling the handler."""
    before = signal.getsignal(number)
    if not callable(before):
        yield
        return
    try:
        signal.signal(number, lambda number, _frame: received.append((before, number)))
        yield
    finally:
        signal.signal(number, before)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


class Interrupts:
    """While the block runs, remember Ctrl-C and a handled SIGTERM besides raising them.

    Python raises an interrupt wherever the main thread happens to be. Inside a finaliser, or a
    library's callback, it is printed or dropped, and a long loop would continue. Such a loop calls
    `check`. Remembering alone would not be enough: a call that blocks, such as a request to a
    server or a shard that is trained in this thread, must end at the first Ctrl-C.

    Attributes:
        watching: whether such a block runs.
    """

    watching = False

    def __init__(self) -> None:
        self._received: type[KeyboardInterrupt] | None = None
        self._before: Any = None
        self._before_term: Any = None

    def __enter__(self) -> Interrupts:
        # Shells start background jobs so that they ignore Ctrl-C: such a process goes on ignoring
        # it, and a handler that another library has set stays.
        if threading.current_thread() is threading.main_thread():
            Interrupts.watching = True
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._before = signal.signal(signal.SIGINT, self._handle)
            if signal.getsignal(signal.SIGTERM) is _terminate:
                self._before_term = signal.signal(signal.SIGTERM, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        Interrupts.watching = False
        try:
            if self._before is not None:
                signal.signal(signal.SIGINT, self._before)
        finally:
            if self._before_term is not None:
                signal.signal(signal.SIGTERM, self._before_term)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise the interrupt that was received since the last call, if any.

        Raises:
            KeyboardInterrupt: Ctrl-C or SIGTERM was received.
        """
        received, self._received = self._received, None
        if received is not None:
            raise received

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._received = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        raise self._received
