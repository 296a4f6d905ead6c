"""Ctrl-C that comes on any line: while an archive is written, or a transaction is open."""

from __future__ import annotations

import atexit
import signal
import sys
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from tests.faults.fault import Fault
from tests.faults.process_faults import GO_ON
from tests.faults.sweeps import SWEEP, Hit, ended, fresh, in_a_row, message

WORKERS = "hydra.launcher.workers=2"
# Whose lines count: ours, those that write archives, and those that record.
OURS, ARCHIVES, RECORDING = ("/xorlab/",), ("/zipfile", "/numpy/lib/"), ("/xorlab/tracking/",)
_HAPPENED, _COUNTED = "happened", "counted"  # files beside the folder of the sweep


class Lines:
    """Counts lines of some files as they are executed; Ctrl-C comes on one of them."""

    def __init__(self, parts: tuple[str, ...], number: int, folder: Path) -> None:
        self._parts, self._number, self._folder = parts, number, folder
        self._count = 0

    def watch(self) -> None:
        """Begin, in this thread."""
        atexit.register(self._tell)
        sys.settrace(self._call)

    def _call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        name = frame.f_code.co_filename
        return self._line if any(part in name for part in self._parts) else None

    def _line(self, frame: FrameType, event: str, _argument: object) -> Any:
        self._count += event == "line"
        if event != "line" or self._count != self._number:
            return self._line
        sys.settrace(None)
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}\n"
        (self._folder / _HAPPENED).write_text(where)
        signal.raise_signal(signal.SIGINT)
        return None

    def _tell(self) -> None:
        sys.settrace(None)
        (self._folder / _COUNTED).write_text(str(self._count))


@cache
def _lines(parts: tuple[str, ...], folder: Path) -> int:
    """How many there are in a whole sweep."""
    child = ended(fresh(folder), *SWEEP, WORKERS, limit=Lines(parts, 0, folder.parent).watch)
    assert child.code == 0, child.printed()
    return int((folder.parent / _COUNTED).read_text())


def on_a_line_of(parts: tuple[str, ...]) -> Hit:
    """Ctrl-C on a line of these files: the sweep ends as with any other."""

    def hit(folder: Path, rng: Random) -> str | None:
        number = rng.randrange(1, _lines(parts, folder.parent / "counted-sweep"))
        happened = folder.parent / _HAPPENED
        happened.unlink(missing_ok=True)
        child = ended(folder, *SWEEP, WORKERS, limit=Lines(parts, number, folder.parent).watch)
        if not happened.exists():
            return None  # it had less to do than a sweep from the beginning
        assert child.code == 130, f"{happened.read_text()}{child.code}: {child.printed()}"
        return message(child)

    return hit


# Nothing is printed by a sweep that has not begun, or has printed its end already.
TOLD = rf"{GO_ON}|^$|then open http"
FAULTS = (
    Fault("Ctrl-C on a line of xorlab", in_a_row(on_a_line_of(OURS), TOLD, WORKERS), 6),
    Fault("Ctrl-C on a line that archives", in_a_row(on_a_line_of(ARCHIVES), TOLD, WORKERS), 6),
    Fault("Ctrl-C on a line that records", in_a_row(on_a_line_of(RECORDING), TOLD, WORKERS), 6),
)
