"""What the shell allows this process: a working folder, checks, open files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from xorlab.errors import UsageError


def refuse_unusable() -> None:
    """Refuse to work where nothing could go well.

    Raises:
        UsageError: the working folder was removed, or Python runs without assertions.
    """
    try:
        os.getcwd()  # noqa: PTH109  (a path is not needed)
    except OSError as error:
        raise UsageError(
            "the working folder was removed or cannot be read; change to another one"
        ) from error
    if not __debug__:
        raise UsageError(
            "python -O leaves out assertions, and Hydra misreads overrides without them; start "
            "Python without -O and PYTHONOPTIMIZE"
        )


def free_descriptors(wanted: int) -> int | None:
    """How many more files this process may open; None if that is not known.

    Args:
        wanted: how many it needs; its own limit is raised for them as far as the shell allows.
    """
    try:
        import resource

        open_now = len(list(Path("/proc/self/fd").iterdir()))
    except (ImportError, OSError):  # not on every system
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = open_now + wanted
    if resource.RLIM_INFINITY not in (soft, hard) and soft < needed and soft < hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), hard))
            soft = min(needed, hard)
    return wanted if soft == resource.RLIM_INFINITY else soft - open_now
