"""Where the commands start: Ctrl-C ends them while their modules are imported, and before.

Python would print a traceback of the imports, or of the line that called the command.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import get_ident, main_thread


def xorlab() -> int:
    """Run `xorlab`; returns the exit code."""
    return _started("built_in")


def report() -> int:
    """Run `xorlab-report`; returns the exit code."""
    return _started("report")


def repeat() -> int:
    """Run `xorlab-repeat`; returns the exit code."""
    return _started("repeat")


def outbox() -> int:
    """Run `xorlab-outbox`; returns the exit code."""
    return _started("outbox")


def _started(module: str) -> int:
    """Run the command of a module, which minds interrupts itself once it is imported."""
    with _ended_by_ctrl_c():
        command = import_module(f"xorlab.commands.{module}").main
    return int(command())


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """While the block runs, Ctrl-C ends the process as it ends a program in C.

    Only where Python would raise it: shells start background jobs so that they ignore Ctrl-C. In
    another thread than the main one, Python raises none.
    """
    raised = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not raised or get_ident() != main_thread().ident:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
