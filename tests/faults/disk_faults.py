"""Disks that fill up, folders that nobody may write or that go away, files that are no store."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random

from tests.faults.fault import Fault, Outcome
from tests.faults.sweeps import (
    EXPECTED,
    INLINE,
    SWEEP,
    Child,
    compared,
    ended,
    fresh,
    recorded,
    sweeping,
    until,
)

KIB = 1024
GO_ON = "then start the same command again"
FULL = rf"the disk is full \(.*\)\. Free some space, {GO_ON}"
READ_ONLY = rf"it cannot be written: it is read-only.*, {GO_ON}"
GONE = rf"was removed, moved or replaced while it was in use.*, {GO_ON}"


@cache
def no_mounts() -> str | None:
    """Why file systems of a chosen size cannot be had here; None if they can."""
    with tempfile.TemporaryDirectory() as name:
        try:
            with mounted(Path(name), KIB * KIB):
                return None
        except (OSError, subprocess.CalledProcessError):
            return "mounting is not permitted"


@contextlib.contextmanager
def mounted(folder: Path, size: int) -> Iterator[None]:
    """Within: an empty file system in memory, of so many bytes, in place of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _again(folder: Path, child: Child, hint: str, *options: str) -> Outcome:
    """The same command once more, after what its message asked for was done."""
    assert child.wait() == 1, child.printed()
    told = Child(child.pid, child.log.rename(f"{child.log}.first"), child.code)
    again = ended(folder, *SWEEP, *options)
    assert again.code == 0, again.printed()
    return compared(folder / "mlflow.db", told, hint)


def full_database(folder: Path, rng: Random) -> Outcome:
    with mounted(folder, 64 * KIB * KIB):
        fresh(folder)
        used = shutil.disk_usage(folder).used
        _mount("-o", f"remount,size={used + rng.randrange(40, 900) * KIB}", str(folder))
        child = ended(folder, *SWEEP, INLINE)
        before = recorded(folder / "mlflow.db")
        _mount("-o", f"remount,size={64 * KIB * KIB}", str(folder))
        assert recorded(folder / "mlflow.db") == before
        return _again(folder, child, FULL, INLINE)


def full_artifacts(folder: Path, rng: Random) -> Outcome:
    fresh(folder)
    place = folder / "mlartifacts"
    with mounted(place, rng.randrange(40, 700) * KIB):
        child = ended(folder, *SWEEP, INLINE)
        _mount("-o", f"remount,size={64 * KIB * KIB}", str(place))
        return _again(folder, child, FULL, INLINE)


def read_only_folder(folder: Path, rng: Random) -> Outcome:
    with mounted(folder, 64 * KIB * KIB):
        fresh(folder)
        if rng.random() < 0.5:
            (folder / "mlflow.db").unlink()
        _mount("-o", "remount,ro", str(folder))
        child = ended(folder, *SWEEP, INLINE)
        _mount("-o", "remount,rw", str(folder))
        return _again(folder, child, READ_ONLY, INLINE)


def read_only_artifacts(folder: Path, rng: Random) -> Outcome:
    fresh(folder)
    place = folder / "mlartifacts"
    with mounted(place, 64 * KIB * KIB):
        with sweeping(folder, *SWEEP, INLINE) as child:
            _when_recorded(folder, child, rng)
            until(lambda: _refuses_writing(place), "the folder cannot be made read-only", child)
            child.wait()
        _mount("-o", "remount,rw", str(place))
        return _again(folder, child, READ_ONLY, INLINE)


def _refuses_writing(place: Path) -> bool:
    try:
        _mount("-o", "remount,ro", str(place))
    except subprocess.CalledProcessError:  # a file in it is being written
        return False
    return True


def _when_recorded(folder: Path, child: Child, rng: Random) -> None:
    some = rng.randrange(EXPECTED // 2)
    enough: Callable[[], bool] = lambda: recorded(folder / "mlflow.db") >= some  # noqa: E731
    until(lambda: child.poll() is not None or enough(), "the sweep does not get on", child)
    time.sleep(rng.uniform(0, 0.05))


def moved_folder(folder: Path, rng: Random) -> Outcome:
    fresh(folder)
    elsewhere = folder.with_name("moved")
    with sweeping(folder, *SWEEP, INLINE) as child:
        _when_recorded(folder, child, rng)
        folder.rename(elsewhere)
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)  # a file that was just being written makes it anew
    elsewhere.rename(folder)
    return _again(folder, child, GONE, INLINE)


def removed_folder(folder: Path, rng: Random) -> Outcome:
    fresh(folder)
    with sweeping(folder, *SWEEP, INLINE) as child:
        _when_recorded(folder, child, rng)
        shutil.rmtree(folder, ignore_errors=True)
        child.wait()
    fresh(folder)
    return _again(folder, child, GONE, INLINE)


def replaced_database(folder: Path, rng: Random) -> Outcome:
    fresh(folder)
    spare = fresh(folder.with_name("spare")) / "mlflow.db"
    with sweeping(folder, *SWEEP, INLINE) as child:
        _when_recorded(folder, child, rng)
        spare.replace(folder / "mlflow.db")
        child.wait()
    for left in ("mlflow.db-wal", "mlflow.db-shm"):  # they belong to the one that was replaced
        (folder / left).unlink(missing_ok=True)
    return _again(folder, child, GONE, INLINE)


def no_database(folder: Path, rng: Random) -> Outcome:
    fresh(folder)
    whole = (folder / "mlflow.db").rename(folder / "kept.db")
    (folder / "mlflow.db").write_bytes(rng.randbytes(rng.randrange(1, 100_000)))
    child = ended(folder, *SWEEP, INLINE)
    whole.replace(folder / "mlflow.db")
    return _again(folder, child, "no SQLite database, or a damaged one.*Choose another", INLINE)


def newer_mlflow(folder: Path, rng: Random) -> Outcome:
    fresh(folder)
    some = f"seed=range(0,{rng.randrange(1, 12)})"
    assert ended(folder, *SWEEP, some, INLINE).code == 0
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        (known,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        _set_revision(connection, f"{rng.getrandbits(48):012x}")
        child = ended(folder, *SWEEP, INLINE)
        _set_revision(connection, known)
    return _again(folder, child, "made by a newer MLflow .* Install that MLflow", INLINE)


def _set_revision(connection: sqlite3.Connection, revision: str) -> None:
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()


FAULTS = (
    Fault("disk full", full_database, 15, no_mounts),
    Fault("disk of the artifacts full", full_artifacts, 15, no_mounts),
    Fault("read-only folder", read_only_folder, 10, no_mounts),
    Fault("artifacts become read-only", read_only_artifacts, 10, no_mounts),
    Fault("folder moved", moved_folder, 10),
    Fault("folder removed", removed_folder, 10),
    Fault("database replaced", replaced_database, 10),
    Fault("no database", no_database, 10),
    Fault("store of a newer MLflow", newer_mlflow, 5),
)
