"""Ctrl-C that cannot get lost."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Within: Ctrl-C is noted as well as raised.

    Python raises it wherever the main thread happens to be. Inside a finaliser or a callback of
    some library it is printed or dropped, and a long loop would go on as if nothing had been said.
    """

    def __init__(self) -> None:
        self._noted = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        # A process that was started to ignore Ctrl-C, as shells do for jobs in the background, or
        # that has a handler of its own, keeps it.
        usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if usual and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Raise what was noted, once more if need be.

        Raises:
            KeyboardInterrupt: somebody has asked to stop.
        """
        if self._noted:
            raise KeyboardInterrupt

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        self._noted = True
        raise KeyboardInterrupt
