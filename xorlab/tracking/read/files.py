"""Files of recorded runs, read back: in bounded memory, and with one kind of error."""

from __future__ import annotations

import contextlib
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from xorlab.errors import StoreError
from xorlab.system.deadline import in_threads
from xorlab.system.memory_limits import refuse_larger
from xorlab.tracking.store.artifacts import local_folder
from xorlab.tracking.store.database import rows_in
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.store import Store
from xorlab.trainers.shard_result import Files

_DOWNLOADS = 8  # at a time: each waits for the server


@contextlib.contextmanager
def reading(run: str, name: str) -> Iterator[None]:
    """Name run and file where the content of a recorded file cannot be used.

    A damaged or edited file raises errors of many kinds in those who understand it.

    Args:
        run: id of the run.
        name: of the file.

    Raises:
        StoreError: in one line, with run, file and cause.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        if isinstance(error, MemoryError):
            cause = "there is too little memory"
        elif isinstance(error, KeyError):
            cause = f"{error} is missing in it"
        else:
            cause = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(f"{name} of run {run} cannot be used: {cause}") from error


def read_file(store: Store, run: str, name: str) -> bytes:
    """A file of a run.

    Raises:
        StoreError: there is no such run or file, or it cannot be read.
    """
    ((_, (content,)),) = read_files(store, [run], [name])
    return content


def read_files(
    store: Store, runs: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """The same files of many runs, run by run, in order.

    Raises:
        StoreError: there is no such run or file, or it cannot be read.
    """
    addresses = _addresses(store, runs)
    folders = {run: local_folder(address) for run, address in addresses.items()}
    # A download that was given up may still write there.
    with tempfile.TemporaryDirectory(prefix="xorlab-", ignore_cleanup_errors=True) as scratch:

        def fetch(numbered: tuple[int, str]) -> list[Path]:
            number, run = numbered
            return _download(store, run, names, Path(scratch, str(number)))

        far = [run for run, folder in folders.items() if folder is None]
        fetched = in_threads(_DOWNLOADS, fetch, list(enumerate(far)))  # in the order of the runs
        for run in runs:
            folder = folders[run]
            paths = next(fetched) if folder is None else [folder / name for name in names]
            yield run, tuple(_read(run, path) for path in paths)


def read_all_files(store: Store, run: str) -> Files:
    """The files at the top of a run's artifacts, by name.

    Raises:
        StoreError: there is no such run, or they cannot be read.
    """
    folder = local_folder(_addresses(store, [run])[run])
    try:
        if folder is not None:
            names = [path.name for path in folder.iterdir() if path.is_file()]
        else:
            found = [item.path for item in store.client.list_artifacts(run) if not item.is_dir]
            names = [name for name in found if Path(name).name == name]  # not in another folder
    except mlflow_errors(OSError) as error:
        raise StoreError(f"run {run} has no readable files: {error}") from error
    if not names:
        return {}
    ((_, contents),) = read_files(store, [run], names)
    return dict(zip(names, contents, strict=True))


def _addresses(store: Store, runs: Sequence[str]) -> dict[str, str]:
    """The address of each run's artifacts."""
    if not store.has_sql:
        try:
            found = list(in_threads(_DOWNLOADS, store.client.get_run, runs))
        except mlflow_errors() as error:
            raise StoreError(f"cannot read the runs: {error}") from error
        for run, one in zip(runs, found, strict=True):
            if one.info.run_id != run:
                raise StoreError(f"asked for run {run}, the server answers with another one")
        return {run.info.run_id: run.info.artifact_uri for run in found}
    addresses: dict[str, str] = {}
    with store.database.reading() as transaction:
        query = "SELECT run_uuid, artifact_uri FROM runs WHERE run_uuid IN"
        addresses.update(rows_in(transaction, query, runs))
    for run in runs:
        if run not in addresses:
            raise StoreError(f"there is no run {run} in this store")
    return addresses


def _download(store: Store, run: str, names: Sequence[str], folder: Path) -> list[Path]:
    folder.mkdir()
    paths = []
    for name in names:
        try:
            # Where MLflow puts a file of a folder is its own affair.
            paths.append(Path(store.client.download_artifacts(run, name, str(folder))))
        except mlflow_errors(OSError) as error:
            raise _unreadable(run, name) from error
    return paths


def _read(run: str, path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device may never end
            raise _unreadable(run, path.name, f" in {path.parent}")
        with reading(run, path.name):
            refuse_larger(status.st_size)
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(run, path.name, f" in {path.parent}") from error


def _unreadable(run: str, name: str, where: str = "") -> StoreError:
    return StoreError(
        f"run {run} has no readable {name}{where}: only a run that finished, and whose artifacts "
        "are still there, can be read"
    )
