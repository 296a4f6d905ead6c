"""A process that draws the picture of a run and gets ready while the network trains."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from types import TracebackType
from typing import Self

from xorlab.analysis.figures.surface import Array
from xorlab.system.npz import npz_bytes

_COMMAND = ("-P", "-m", "xorlab.analysis.figures.run_picture")
_SECONDS = 60  # that the process may take


class Drawing:
    """Draws in another process, which imports matplotlib from the start: that takes longest.

    Where matplotlib is imported already, or the process fails, this process draws. Used as a
    context manager, it leaves no process behind.

    Attributes:
        process: the other one; None where this one draws.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if "matplotlib.figure" not in sys.modules and sys.executable:
            with contextlib.suppress(OSError):  # such as too many processes
                self.process = subprocess.Popen(  # noqa: S603  (no argument comes from a user)
                    [sys.executable, *_COMMAND],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(OSError, ValueError):
                self.process.communicate()

    def png(self, arrays: dict[str, Array]) -> bytes:
        """The picture of `xorlab.analysis.figures.surface.run_arrays`, as a PNG file."""
        if self.process is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                picture, _ = self.process.communicate(npz_bytes(arrays), _SECONDS)
                if self.process.returncode == 0:
                    return picture
        from xorlab.analysis.figures.run_picture import run_png

        return run_png(arrays)
