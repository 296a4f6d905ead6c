"""What the commands beside `xorlab` share: exit codes, and errors told in a line."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable

from xorlab.errors import ConfigError, StoreError, UsageError, told
from xorlab.system.signals import interruptions

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_LEAST = 4  # letters of an id: fewer would soon mean another run as well


def check_id(named: str, kind: str) -> None:
    """Refuse what cannot be the beginning of an id, before a store is opened.

    Raises:
        UsageError: names it, and says what an id of that kind is made of.
    """
    if not (named.isascii() and named.isalnum()):
        raise UsageError(f"{named!r}: a {kind} id is made of letters and digits")
    if len(named) < _LEAST:
        raise UsageError(f"{named}: at least {_LEAST} letters or digits of a {kind} id are needed")


def command_parser(name: str, description: str, *examples: str) -> argparse.ArgumentParser:
    """A parser whose help shows each example in a line of its own, whole, to be copied."""
    width = max(shutil.get_terminal_size().columns - 2, 20)
    return argparse.ArgumentParser(
        prog=name,
        description=textwrap.fill(description, width),
        epilog="\n".join(["examples:", *(f"  {example}" for example in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run_command(name: str, work: Callable[[], int]) -> int:
    """Do the work of a command.

    Args:
        name: of the command.
        work: returns the exit code.

    Returns:
        that code; 1 after a store or file that fails, 2 after wrong usage, 130 after Ctrl-C.
    """
    try:
        with interruptions():
            return work()
    except (ConfigError, UsageError) as error:
        sys.stderr.write(told(name, error))
        return USAGE
    except (StoreError, OSError) as error:
        sys.stderr.write(told(name, error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
