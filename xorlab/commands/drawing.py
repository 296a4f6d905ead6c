"""A process that draws the picture of a run and gets ready while the network trains."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from xorlab.analysis.figures.surface import Array

_COMMAND = ("-P", "-m", "xorlab.analysis.figures.picture_process")
_SECONDS = 60  # that the process may take
_OTHERWISE = ("landscape", "plan=", "hydra")  # keys of commands that draw no picture of a run


def draws_picture(arguments: Sequence[str]) -> bool:
    """Whether a command line looks like a single run, before anything is imported or read.

    Nothing depends on it but when the process of a `Drawing` starts: at once, or later.
    """
    if os.cpu_count() == 1:
        return False  # to import two things at once takes as long as one after the other
    return not any(word.startswith(("-", "+", "~", *_OTHERWISE)) for word in arguments)


class Drawing:
    """Draws in another process, which imports matplotlib from the start: that takes longest.

    Where no process was started, or it fails, this process draws. Used as a context manager, it
    leaves no process behind.

    Attributes:
        process: the other one; None where this one draws.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process, unless there is one, or matplotlib is imported here already."""
        if self.process is None and "matplotlib.figure" not in sys.modules and sys.executable:
            with contextlib.suppress(OSError):  # such as too many processes
                self.process = subprocess.Popen(  # noqa: S603  (no argument comes from a user)
                    [sys.executable, *_COMMAND],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )

    def stop(self) -> None:
        """End the process, where there is one."""
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(OSError, ValueError):
                self.process.communicate()
            self.process = None

    def png(self, arrays: dict[str, Array]) -> bytes:
        """The picture of `xorlab.analysis.figures.surface.run_arrays`, as a PNG file."""
        if self.process is not None:
            from xorlab.system.npz import npz_bytes

            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                picture, _ = self.process.communicate(npz_bytes(arrays), _SECONDS)
                if self.process.returncode == 0:
                    return picture
        from xorlab.analysis.figures.run_picture import run_png

        return run_png(arrays)
