"""Where the commands start: Ctrl-C ends them while their modules are imported, and before.

Python would print a traceback of the imports, or of the line that called the command.
"""

import signal
from importlib import import_module


def xorlab() -> None:
    """Run `xorlab`, and end the process with its exit code."""
    _run("built_in")


def report() -> None:
    """Run `xorlab-report`, and end the process with its exit code."""
    _run("report")


def repeat() -> None:
    """Run `xorlab-repeat`, and end the process with its exit code."""
    _run("repeat")


def outbox() -> None:
    """Run `xorlab-outbox`, and end the process with its exit code."""
    _run("outbox")


def _run(module: str) -> None:
    """Run the command of a module, which minds interrupts itself once it is imported.

    Shells start background jobs so that they ignore Ctrl-C: that stays.
    """
    raised = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raised:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        command = import_module(f"xorlab.commands.{module}").main
        leave = import_module("xorlab.system.leaving").leave
    finally:
        if raised:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    leave(command())
