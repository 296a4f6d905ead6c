"""Files that other processes see complete or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import uuid
from pathlib import Path


def write_whole(path: Path, content: bytes | Path, private: bool = False) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    A process that is killed meanwhile leaves at most the temporary file, whose name begins with a
    dot. An error removes it.

    Args:
        path: the file; one that exists is replaced. Its folder must exist.
        content: the bytes, or a file to copy.
        private: only this user may read the file.

    Raises:
        OSError: it cannot be written.
    """
    if path.is_symlink():  # what it names is written, not the link, also where nothing is there yet
        path = path.resolve()
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        if private:
            temporary.touch(mode=0o600)
        if isinstance(content, Path):
            shutil.copyfile(content, temporary)
        else:
            temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    """Make renames and removals in a folder survive a power failure, where that is possible."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def flush_file_system(folder: Path) -> None:
    """Make all that was written so far survive a power failure, where that is possible.

    One call for any number of files: flushing each of a thousand small ones takes seconds.

    Args:
        folder: on Linux, only the file system that it is on is flushed.

    Raises:
        OSError: the disk could not take all that was written.
    """
    if not sys.platform.startswith("linux"):
        os.sync()
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)
