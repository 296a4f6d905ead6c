"""Disks that fill up, folders that are read-only or go away, files that are not a store."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random

from tests.faults.fault import Fault, Outcome
from tests.faults.stored import found, recorded
from tests.faults.sweeps import (
    EXPECTED,
    INLINE,
    SWEEP,
    Child,
    Hit,
    compared,
    ended,
    fresh,
    in_a_row,
    message,
    start,
    sweeping,
    until,
)

KIB = 1024
ROOM = 64 * KIB * KIB
OLDER = "bda7b8c39065"  # of MLflow 2.12
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


def stopped(child: Child) -> str | None:
    """What it said; None where it had ended before anything could happen."""
    code = child.wait()
    assert code in (0, 1), child.printed()
    return message(child) if code else None


def on_a_disk_of_its_own(inject: Callable[[Path, Random], Outcome], *below: str):
    """The same in a folder, or one below it, that is a file system of its own."""

    def within(folder: Path, rng: Random) -> Outcome:
        with mounted(folder.joinpath(*below), ROOM):
            return inject(folder, rng)

    return within


def full(*below: str, command: Sequence[str] = (*SWEEP, INLINE), most: int = 700) -> Hit:
    """Fill the disk but for a little, at most so many KiB, and free it after."""

    def hit(folder: Path, rng: Random) -> str | None:
        place = folder.joinpath(*below)
        used = shutil.disk_usage(place).used
        _remount(place, f"size={used + rng.randrange(40, 400 if below else most) * KIB}")
        child = ended(folder, *command)
        before = recorded(folder / "mlflow.db")
        _remount(place, f"size={ROOM}")
        assert recorded(folder / "mlflow.db") == before
        return stopped(child)

    return hit


def read_only_folder(folder: Path, rng: Random) -> str | None:
    """From the beginning, with a store or without."""
    database, kept = folder / "mlflow.db", folder.with_name("kept.db")
    hidden = rng.random() < 0.5
    if hidden:
        shutil.move(database, kept)
    _remount(folder, "ro")
    child = ended(folder, *SWEEP, INLINE)
    _remount(folder, "rw")
    if hidden:
        shutil.move(kept, database)
    return stopped(child)


def read_only_artifacts(folder: Path, rng: Random) -> str | None:
    """In the middle."""
    place = folder / "mlartifacts"
    with sweeping(folder, *SWEEP, INLINE) as child:
        when_recorded(folder, child, rng)
        until(lambda: _refuses_writing(place), "the folder cannot be made read-only", child)
        child.wait()
    _remount(place, "rw")
    return stopped(child)


def _refuses_writing(place: Path) -> bool:
    try:
        _mount("-o", "remount,ro", str(place))
    except subprocess.CalledProcessError:  # a file in it is being written
        return False
    return True


def _remount(place: Path, option: str) -> None:
    _mount("-o", f"remount,{option}", str(place))


def when_recorded(folder: Path, child: Child, rng: Random) -> None:
    """Wait until a sweep has recorded some runs."""
    have = recorded(folder / "mlflow.db")
    # At least one of its own: before that it would take a folder that was moved for its own one.
    some = have + 1 + rng.randrange(max(1, (EXPECTED - have) // 3))
    enough: Callable[[], bool] = lambda: recorded(folder / "mlflow.db") >= some  # noqa: E731
    until(lambda: child.poll() is not None or enough(), "the sweep does not get on", child)
    time.sleep(rng.uniform(0, 0.05))


def moved_folder(folder: Path, rng: Random) -> str | None:
    """And moved back."""
    elsewhere = folder.with_name("moved")
    with sweeping(folder, *SWEEP, INLINE) as child:
        when_recorded(folder, child, rng)
        folder.rename(elsewhere)
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)  # a file that was just being written makes it anew
    elsewhere.rename(folder)
    return stopped(child)


def removed_folder(folder: Path, rng: Random) -> str | None:
    """With all that was in it."""
    with sweeping(folder, *SWEEP, INLINE) as child:
        when_recorded(folder, child, rng)
        shutil.rmtree(folder, ignore_errors=True)
        child.wait()
    fresh(folder)
    return stopped(child)


def replaced_database(folder: Path, rng: Random) -> str | None:
    """By an empty store, as a program that synchronises folders may do it."""
    spare = fresh(folder.with_name("spare")) / "mlflow.db"
    with sweeping(folder, *SWEEP, INLINE) as child:
        when_recorded(folder, child, rng)
        spare.replace(folder / "mlflow.db")
        child.wait()
    for left in ("mlflow.db-wal", "mlflow.db-shm"):  # they belong to the one that was replaced
        (folder / left).unlink(missing_ok=True)
    return stopped(child)


def no_database(folder: Path, rng: Random) -> str | None:
    """A file of the name with anything in it."""
    database, kept = folder / "mlflow.db", folder / "kept.db"
    database.rename(kept)
    database.write_bytes(rng.randbytes(rng.randrange(1, 100_000)))
    child = ended(folder, *SWEEP, INLINE)
    kept.replace(database)
    return stopped(child)


def newer_mlflow(folder: Path, rng: Random) -> str | None:
    """A store with a revision that this MLflow has never heard of."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        (known,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        _set_revision(connection, f"{rng.getrandbits(48):012x}")
        child = ended(folder, *SWEEP, INLINE)
        _set_revision(connection, known)
    return stopped(child)


def _set_revision(connection: sqlite3.Connection, revision: str) -> None:
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()


def migrating_store(folder: Path, rng: Random) -> Outcome:
    """Another MLflow is bringing an older store up to date when the sweep starts."""
    folder.mkdir()
    ended(folder, limit=lambda: _at_revision(folder / "mlflow.db", OLDER))
    other = start(folder, limit=lambda: _upgraded(folder / "mlflow.db"))
    other.log = other.log.rename(f"{other.log}.other")
    time.sleep(rng.uniform(0, 1.5))
    child = ended(folder, *SWEEP, INLINE)
    assert child.code in (0, 1), child.printed()
    assert other.wait() == 0, other.printed()
    text = message(child)
    again = ended(folder, *SWEEP, INLINE)
    assert again.code == 0, again.printed()
    return compared(found(folder / "mlflow.db"), [text], r"open http|migrated by another process")


def _at_revision(file: Path, revision: str) -> None:
    """Make a store as an older MLflow made them, and leave the process."""
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config, create_sqlalchemy_engine
    from mlflow.store.tracking.dbmodels.initial_models import Base

    uri = f"sqlite:///{file}"
    Base.metadata.create_all(create_sqlalchemy_engine(uri))
    command.upgrade(_get_alembic_config(uri), revision)
    os._exit(0)


def _upgraded(file: Path) -> None:
    """What `mlflow db upgrade` does."""
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

    _upgrade_db(create_sqlalchemy_engine(f"sqlite:///{file}"))
    os._exit(0)


DAMAGED = "not an SQLite database, or is damaged.*Choose another"
FAULTS = (
    Fault("disk full", on_a_disk_of_its_own(in_a_row(full(), FULL, INLINE)), 4, no_mounts),
    Fault(
        "disk of the artifacts full",
        on_a_disk_of_its_own(in_a_row(full("mlartifacts"), FULL, INLINE), "mlartifacts"),
        4,
        no_mounts,
    ),
    Fault(
        "read-only folder",
        on_a_disk_of_its_own(in_a_row(read_only_folder, READ_ONLY, INLINE)),
        2,
        no_mounts,
    ),
    Fault(
        "artifacts become read-only",
        on_a_disk_of_its_own(in_a_row(read_only_artifacts, READ_ONLY, INLINE), "mlartifacts"),
        2,
        no_mounts,
    ),
    Fault("folder moved", in_a_row(moved_folder, GONE, INLINE), 4),
    Fault("folder removed", in_a_row(removed_folder, GONE, INLINE), 2),
    Fault("database replaced", in_a_row(replaced_database, GONE, INLINE), 2),
    Fault("no database", in_a_row(no_database, DAMAGED, INLINE), 2),
    Fault(
        "store of a newer MLflow",
        in_a_row(newer_mlflow, "made by a newer MLflow .* Install that MLflow", INLINE),
        2,
    ),
    Fault("store that is being migrated", migrating_store, 4),
)
