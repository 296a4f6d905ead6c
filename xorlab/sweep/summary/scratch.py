"""Room beside memory: a file that has no name, and ends with the object that holds it."""

from __future__ import annotations

import os
import tempfile
import weakref

from xorlab.errors import StoreError


class Scratch:
    """Bytes that are written once and read from where they are.

    Raises:
        StoreError: from `write`: there is no room for temporary files.
    """

    def __init__(self) -> None:
        with tempfile.TemporaryFile(prefix="xorlab-") as file:
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        self._end = 0

    def write(self, data: bytes) -> int:
        """Keep them; where they are."""
        place, written = self._end, 0
        try:
            while written < len(data):
                written += os.pwrite(self._file, data[written:], place + written)
        except OSError as error:
            raise StoreError(
                f"what a sweep knows of its runs cannot be written into {tempfile.gettempdir()}: "
                f"{error.strerror}. Free some space there, or name another folder with TMPDIR"
            ) from error
        self._end += len(data)
        return place

    def read(self, place: int, size: int) -> bytes:
        """So many bytes from a place on."""
        return os.pread(self._file, size, place)
