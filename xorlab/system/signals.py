"""Ctrl-C and SIGTERM that cannot get lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from xorlab.errors import causes


class Terminated(KeyboardInterrupt):
    """SIGTERM: what `kill`, a batch system or a machine that shuts down sends.

    It is obeyed as Ctrl-C is, and differs in the exit code alone.
    """


@contextlib.contextmanager
def terminations() -> Iterator[None]:
    """Within: SIGTERM raises `Terminated` in the main thread, where nobody else handles it."""
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
def interruptions() -> Iterator[None]:
    """Within: an error that came of Ctrl-C or SIGTERM is raised as that, once more.

    What a library does on its way out, such as closing an archive with a half-written member, may
    fail in its turn, and take the place of what it was told.
    """
    try:
        yield
    except Exception as error:
        for cause in causes(error):
            if isinstance(cause, KeyboardInterrupt):
                # A new one: itself, raised from what came of it, would make a ring.
                raise type(cause) from error
        raise


@contextlib.contextmanager
def signals_deferred() -> Iterator[None]:
    """Within: Ctrl-C and SIGTERM wait; for moments that must not be broken off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[Callable[[int, None], object], int]] = []
    try:
        with _noted(signal.SIGINT, came), _noted(signal.SIGTERM, came):
            yield
    finally:
        for handler, number in came[:1]:
            handler(number, None)


@contextlib.contextmanager
def _noted(number: signal.Signals, came: list[tuple[Any, int]]) -> Iterator[None]:
    """Within: a signal that somebody handles is noted instead."""
    before = signal.getsignal(number)
    if not callable(before):
        yield
        return
    try:
        signal.signal(number, lambda number, _frame: came.append((before, number)))
        yield
    finally:
        signal.signal(number, before)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


class Interrupts:
    """Within: Ctrl-C is noted as well as raised, and so is a SIGTERM that somebody handles.

    Python raises it wherever the main thread happens to be. Inside a finaliser or a callback of
    some library it is printed or dropped, and a long loop would go on as if nothing had been said.
    """

    def __init__(self) -> None:
        self._noted: type[KeyboardInterrupt] | None = None
        self._before: Any = None
        self._terminate: Any = None

    def __enter__(self) -> Interrupts:
        # A process that was started to ignore Ctrl-C, as shells do for jobs in the background, or
        # that has a handler of its own, keeps it.
        if threading.current_thread() is threading.main_thread():
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._before = signal.signal(signal.SIGINT, self._note)
            if signal.getsignal(signal.SIGTERM) is _terminate:
                self._terminate = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        try:
            if self._before is not None:
                signal.signal(signal.SIGINT, self._before)
        finally:
            if self._terminate is not None:
                signal.signal(signal.SIGTERM, self._terminate)
        if kind is None:
            self.check()

    def check(self) -> None:
        """Raise what was noted, once more if need be.

        Raises:
            KeyboardInterrupt: somebody has asked to stop.
        """
        noted, self._noted = self._noted, None
        if noted is not None:
            raise noted

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        raise self._noted
