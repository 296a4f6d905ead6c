"""The outbox: a folder where what was trained waits until its tracking server answers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from xorlab.errors import StoreError
from xorlab.system.files import flush_folder, write_whole
from xorlab.tracking.outbox.pending import (
    DamagedError,
    PendingFile,
    PendingRun,
    PendingSweep,
    pending_file,
    pending_run,
    pending_sweep,
)
from xorlab.tracking.store.address import shown
from xorlab.tracking.store.store import Store

DEFAULT_OUTBOX = "xorlab-outbox"
_LOCK = ".lock"
_LONGEST_WAIT = 600  # seconds for another process that delivers

AnyKept = PendingRun | PendingFile | PendingSweep
Kept = TypeVar("Kept", PendingRun, PendingFile, PendingSweep)


class Outbox:
    """Files that are each whole or absent, and taken out by one process at a time.

    Attributes:
        folder: absolute; made when the first file is kept.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = Path(folder or DEFAULT_OUTBOX).absolute()

    def keep(self, kept: AnyKept) -> None:
        """Write a file beside its place, then rename it; it is on the disk when this returns.

        Raises:
            StoreError: the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / kept.name, kept.content(), durable=True)
        except OSError as error:
            raise StoreError(
                f"results cannot be kept in {self.folder}: {error.strerror or error}; name a "
                "folder that can be written with tracking.outbox"
            ) from error

    def runs(self) -> list[Path]:
        """Files of runs, the oldest first."""
        return self._files("*.npz")

    def id_of(self, path: Path) -> str:
        """The id of the record in one of `runs`, by its name."""
        return path.stem.rpartition("-")[2]

    def files(self) -> list[Path]:
        """Files of runs that are under way."""
        return self._files("*.artifact")

    def sweeps(self) -> list[Path]:
        """Files of sweeps that ended."""
        return self._files("*.json")

    def run(self, path: Path) -> PendingRun:
        """Read one of `runs`.

        Raises:
            DamagedError: the file is not whole; it stays where it is.
        """
        return _read(path, pending_run)

    def file(self, path: Path) -> PendingFile:
        """Read one of `files`; raises as `run`."""
        return _read(path, pending_file)

    def sweep(self, path: Path) -> PendingSweep:
        """Read one of `sweeps`; raises as `run`."""
        return _read(path, pending_sweep)

    def read(self, path: Path) -> AnyKept:
        """Read any of them; raises as `run`."""
        readers: dict[str, Callable[[Path], AnyKept]] = {
            ".npz": self.run,
            ".artifact": self.file,
            ".json": self.sweep,
        }
        return readers[path.suffix](path)

    def remove(self, kept: AnyKept) -> None:
        """Forget what is in its store now."""
        path = self.folder / kept.name
        if path.exists():
            path.unlink()
            flush_folder(self.folder)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Within: no other process delivers from this folder.

        Raises:
            StoreError: another one does, and has not come to an end.
        """
        lock = FileLock(self.folder / _LOCK, timeout=_LONGEST_WAIT)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreError(
                f"another process has been delivering from {self.folder} for "
                f"{_LONGEST_WAIT // 60} minutes; try again when it has ended"
            ) from error
        except OSError as error:
            raise StoreError(
                f"cannot lock {self.folder / _LOCK}: {error.strerror or error}"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _files(self, pattern: str) -> list[Path]:
        # What is being written has a name that begins with a dot.
        found = self.folder.glob(pattern)
        return sorted(path for path in found if not path.name.startswith("."))


def _read(path: Path, decoded: Callable[[bytes], Kept]) -> Kept:
    try:
        return decoded(path.read_bytes())
    except OSError as error:
        raise DamagedError(f"it cannot be read: {error.strerror or error}") from error


def is_for(kept: AnyKept, store: Store) -> bool:
    """Whether it waits for this store and experiment."""
    return (kept.store, kept.experiment) == (place(store.uri), store.experiment)


def place(uri: str) -> str:
    """The address of a store as files name it: without credentials, spelt in one way."""
    return shown(uri).rstrip("/")
