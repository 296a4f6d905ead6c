"""What the commands beside `xorlab` share: exit codes, and errors told in a line."""

from __future__ import annotations

import sys
from collections.abc import Callable

from xorlab.errors import ConfigError, StoreError, UsageError, told

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def run_told(name: str, work: Callable[[], int]) -> int:
    """Do the work of a command.

    Args:
        name: of the command.
        work: returns the exit code.

    Returns:
        that code; 1 after a store or file that fails, 2 after wrong usage, 130 after Ctrl-C.
    """
    try:
        return work()
    except (ConfigError, UsageError) as error:
        sys.stderr.write(told(name, error))
        return USAGE
    except (StoreError, OSError) as error:
        sys.stderr.write(told(name, error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
