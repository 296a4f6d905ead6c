"""Where the commands start: Ctrl-C ends them while their modules are imported, and before.

Python would print a traceback of the imports, or of the line that called the command.
"""

import signal
from importlib import import_module


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
    """Run the command of a module, which minds interrupts itself once it is imported.

    Shells start background jobs so that they ignore Ctrl-C: that stays.
    """
    raised = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raised:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        command = import_module(f"xorlab.commands.{module}").main
    finally:
        if raised:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    return int(command())
