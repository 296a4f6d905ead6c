"""Ctrl-C and SIGTERM that cannot get lost."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any


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

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._terminate is not None:
            signal.signal(signal.SIGTERM, self._terminate)

    def check(self) -> None:
        """Raise what was noted, once more if need be.

        Raises:
            KeyboardInterrupt: somebody has asked to stop.
        """
        if self._noted is not None:
            raise self._noted

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        raise self._noted
