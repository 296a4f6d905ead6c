"""The outbox: a folder where results wait until their tracking server has them."""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from xorlab.config.paths import given_path
from xorlab.errors import StoreError
from xorlab.system.files import flush_folder, write_whole
from xorlab.tracking.outbox.known_servers import remember
from xorlab.tracking.outbox.pending import (
    DamagedError,
    Pending,
    PendingFile,
    PendingRun,
    PendingSweep,
    decoded,
)
from xorlab.tracking.store.address import public_address
from xorlab.tracking.store.store import Store

DEFAULT_OUTBOX = "xorlab-outbox"
_LONGEST_WAIT = 600  # seconds for another process that delivers
# Endings of file names by kind, in the order of delivery: those written, then those of format 1.
_ENDINGS: dict[type[Pending], tuple[str, str]] = {
    PendingFile: (".file", ".artifact"),
    PendingRun: (".run", ".npz"),
    PendingSweep: (".sweep", ".json"),
}
# Names that begin with a dot are none of the results.
_DELIVERING = ".lock"  # held by the process that delivers
_MADE = ".made-by-xorlab"  # such a folder is removed when it is empty
_SENDING = ".sending.lock"  # held by the process that has just written a batch, and sends it now
_UNWRITTEN = re.compile(r"\..+\.(.+)\.(?:file|run|sweep)\.\w+")  # not renamed yet, of this batch
_TRIES = 5  # another process may remove the folder just after this one has found it


class Outbox:
    """Files that are each complete or absent, and sent by one process at a time.

    Args:
        folder: where; None for `DEFAULT_OUTBOX` in the current folder. It is made when it is
            needed, and removed when it is empty.

    Attributes:
        folder: absolute.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = given_path("tracking.outbox", str(folder or DEFAULT_OUTBOX)).absolute()

    @contextlib.contextmanager
    def sending(self, batch: Sequence[Pending]) -> Iterator[list[Path]]:
        """Write files first, so that they survive whatever happens while the block sends them.

        No other process sends them until the block ends. What the block has not removed by then
        stays; an earlier end of the same sweep goes. If the folder cannot be written, the block
        runs all the same, because the server may be there.

        Args:
            batch: what is about to be sent.

        Yields:
            path of each file.

        Raises:
            StoreError: the block raises an error, and the folder could not be written.
        """
        name, refusal = uuid.uuid4().hex[:12], None
        paths = [self.folder / f"{one.name}.{name}{_ENDINGS[type(one)][0]}" for one in batch]
        lock = FileLock(self.folder / f".{name}{_SENDING}", mode=0o600)
        try:
            try:
                self._write(batch, paths, lock)
            except OSError as error:
                _remove(*paths)
                refusal = (
                    f"results cannot be kept in {self.folder}: {error.strerror or error}; name a "
                    "folder that can be written with tracking.outbox"
                )
            try:
                yield paths
            except Exception as error:
                if refusal is not None:
                    raise StoreError(f"{error}; {refusal}") from error
                raise
            finally:
                self._flush([path for path in paths if path.exists()])
        finally:
            lock.release(force=True)
            _remove(Path(lock.lock_file))
            self.tidy()

    def keep(self, pending: Pending) -> None:
        """Write a file that is not sent now.

        Raises:
            StoreError: the folder cannot be written.
        """
        with self.sending([pending]) as (path,):
            if not path.exists():
                raise StoreError("a result has to wait for its tracking server")

    def paths(self, *kinds: type[Pending]) -> list[Path]:
        """Files that no process is sending, in the order of delivery.

        Args:
            kinds: of these kinds; all, if none is given.
        """
        names = [name for name in self._names() if not name.startswith(".")]
        found = [
            self.folder / name
            for kind in _ENDINGS
            if kind in (kinds or _ENDINGS)
            for name in names
            if name.endswith(_ENDINGS[kind])
        ]
        busy = {batch for batch in {_batch(path) for path in found} if self._is_sent_now(batch)}
        return [path for path in found if _batch(path) not in busy]

    def id_of(self, path: Path) -> str:
        """The id of the record in the file of a run, by its name."""
        return path.name.partition(".")[0].rpartition("-")[2]

    def read(self, path: Path) -> Pending:
        """Read a file.

        Raises:
            DamagedError: it cannot be read, or is not what was written.
            FileNotFoundError: another process has removed it.
        """
        try:
            return decoded(path.read_bytes())
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DamagedError(f"it cannot be read: {error.strerror or error}") from error

    def remove(self, path: Path) -> None:
        """Remove a file whose content is in its store now."""
        _remove(path)

    @contextlib.contextmanager
    def delivering(self, *kinds: type[Pending]) -> Iterator[list[Path]]:
        """Keep other processes from delivering what is in this folder while the block runs.

        Yields:
            `paths` of these kinds, as they are now.

        Raises:
            StoreError: another one does, and does not end.
        """
        path = self.folder / _DELIVERING
        lock = FileLock(path, timeout=_LONGEST_WAIT, mode=0o600)
        try:
            lock.acquire()
        except FileNotFoundError:  # another process has delivered all, and removed the folder
            yield []
            return
        except Timeout as error:
            raise StoreError(
                f"another process has been delivering from {self.folder} for "
                f"{_LONGEST_WAIT // 60} minutes; try again when it has ended"
            ) from error
        except OSError as error:
            raise StoreError(f"cannot lock {path}: {error.strerror or error}") from error
        try:
            yield self.paths(*kinds)
        finally:
            lock.release()

    def tidy(self) -> None:
        """Remove the folder if xorlab made it and nothing is in it any more."""
        made = self.folder / _MADE
        if not made.exists():
            return
        with contextlib.suppress(OSError):
            for name in self._names():
                lock, part = name.endswith(_SENDING), _UNWRITTEN.fullmatch(name)
                batch = part[1] if part else name[1:].removesuffix(_SENDING)
                if (lock or part) and not self._is_sent_now(batch):
                    _remove(self.folder / name)  # a process that was killed has left it
            if {_MADE, _DELIVERING}.issuperset(self._names()):
                _remove(self.folder / _DELIVERING, made)
                try:
                    self.folder.rmdir()
                except OSError:  # another process has just begun to use it
                    made.touch(mode=0o600)

    def _write(self, batch: Sequence[Pending], paths: Sequence[Path], lock: FileLock) -> None:
        remember({pending.store for pending in batch})
        for tries_left in reversed(range(_TRIES)):
            try:
                self._make()
                lock.acquire(timeout=0)
                for pending, path in zip(batch, paths, strict=True):
                    write_whole(path, pending.content(), private=True)
                    if not isinstance(pending, PendingRun):
                        earlier = set(self.folder.glob(f"{pending.name}.*")) - {path}
                        _remove(*earlier)
            except FileNotFoundError:
                lock.release(force=True)
                if not tries_left:
                    raise
            else:
                return

    def _flush(self, paths: Sequence[Path]) -> None:
        """Make files that stay survive a power failure, where that is possible."""
        with contextlib.suppress(OSError):
            for path in paths:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        if paths:
            flush_folder(self.folder)

    def _names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return []

    def _make(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir(mode=0o700, parents=True)
            (self.folder / _MADE).touch(mode=0o600)

    def _is_sent_now(self, batch: str) -> bool:
        """Whether the process that wrote a batch still sends it: a lock ends with its process."""
        path = self.folder / f".{batch}{_SENDING}"
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0, mode=0o600):
                _remove(path)
                return False
        except Timeout:
            return True


def is_for(pending: Pending, store: Store) -> bool:
    """Whether it waits for this store and experiment."""
    return (pending.store, pending.experiment) == (address_key(store.uri), store.experiment)


def address_key(uri: str) -> str:
    """The address of a store as files name it: without credentials, always spelt alike."""
    return public_address(uri).rstrip("/")


def _batch(path: Path) -> str:
    """The batch that a file was written with; empty in format 1."""
    return path.stem.rpartition(".")[2] if "." in path.stem else ""


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
