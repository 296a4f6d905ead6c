"""Shared by the commands other than `xorlab`: exit codes, parsers, errors in one line."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable

from xorlab.errors import ConfigError, StoreError, UsageError, error_line
from xorlab.system.limits import refuse_unusable
from xorlab.system.signals import interruptions

DONE, FAILED, USAGE = 0, 1, 2

_SHORTEST_ID = 4  # characters: shorter beginnings would soon be ambiguous


def check_id(text: str, kind: str) -> None:
    """Refuse text that cannot be the beginning of an id, before a store is opened.

    Args:
        text: what was given as an id.
        kind: of what, for the message: "run" or "sweep".

    Raises:
        UsageError: the text has other characters than letters and digits, or too few.
    """
    if not (text.isascii() and text.isalnum()):
        raise UsageError(f"{text!r}: a {kind} id is made of letters and digits")
    if len(text) < _SHORTEST_ID:
        raise UsageError(
            f"{text}: at least {_SHORTEST_ID} letters or digits of a {kind} id are needed"
        )


def command_parser(name: str, description: str, *examples: str) -> argparse.ArgumentParser:
    """A parser whose help shows each example unwrapped on its own line, ready to copy."""
    width = max(shutil.get_terminal_size().columns - 2, 20)
    return argparse.ArgumentParser(
        prog=name,
        description=textwrap.fill(description, width),
        epilog="\n".join(["examples:", *(f"  {example}" for example in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run_command(name: str, work: Callable[[], int]) -> int:
    """Do the work of a command and turn its errors into a line and an exit code.

    Args:
        name: the command's name, for messages.
        work: does the work and returns the exit code.

    Returns:
        the exit code: that of ``work``, 1 if a store or file fails, 2 after wrong usage.
    """
    try:
        with interruptions():
            refuse_unusable()
            return work()
    except (ConfigError, UsageError) as error:
        sys.stderr.write(error_line(name, error))
        return USAGE
    except (StoreError, OSError) as error:
        sys.stderr.write(error_line(name, error))
        return FAILED
