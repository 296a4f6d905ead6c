"""Stores that others lock, edit, damage or empty while a sweep records into them, or before."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random

from tests.faults.disk_faults import DAMAGED, when_recorded
from tests.faults.fault import Fault
from tests.faults.process_faults import GO_ON, ended_at_once
from tests.faults.sweeps import INLINE, SWEEP, Child, Hit, ended, in_a_row, message, sweeping

RETRY = "tracking.existing=retry"
OTHER = ("-m", "seed=0", "training.epochs=1", "task=and", "tracking.report=false", INLINE)
BESIDE = ("", "-wal", "-shm")  # what belongs to a database
PARENTS = "run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'xorlab.sweep_key')"


def locked(folder: Path, rng: Random) -> str | None:
    """Another process locks the store and keeps it; Ctrl-C ends the wait."""
    with (
        sweeping(folder, *SWEEP, INLINE) as child,
        closing(sqlite3.connect(folder / "mlflow.db", 60, isolation_level=None)) as other,
    ):
        when_recorded(folder, child, rng)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(rng.uniform(0.0, 1.5))
        if not ended_at_once(child):
            return None
    return message(child)


def without_artifacts(folder: Path, rng: Random) -> str | None:
    """The folder of the artifacts is removed with all that is in it."""
    with sweeping(folder, *SWEEP, INLINE, RETRY) as child:
        when_recorded(folder, child, rng)
        if child.poll() is not None:
            return None
        (folder / "mlartifacts").rename(folder / "removed")  # at one moment
        shutil.rmtree(folder / "removed")
        child.wait()
    assert child.code == 1, child.printed()
    return message(child)


@contextlib.contextmanager
def suspended(child: Child, database: Path) -> Iterator[None]:
    """Within: a sweep in one process stands still, at a moment when it does not lock its store."""
    while True:
        child.kill(signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(database, 0.1, isolation_level=None)) as probe:
                probe.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError:  # it is recording
            child.kill(signal.SIGCONT)
            time.sleep(0.01)
    try:
        yield
    finally:
        child.kill(signal.SIGCONT)


def deleted(delete: Callable[[Path], None]) -> Hit:
    """MLflow deletes something; what the sweep's message asks for is done, if it is a command."""

    def hit(folder: Path, rng: Random) -> str | None:
        with sweeping(folder, *SWEEP, INLINE) as child:
            when_recorded(folder, child, rng)
            child.log = child.log.rename(f"{child.log}.sweep")
            with suspended(child, folder / "mlflow.db"):
                if child.poll() is not None:
                    return None
                by_mlflow = ended(folder, limit=partial(delete, folder / "mlflow.db"))
                assert by_mlflow.code == 0, by_mlflow.printed()
            child.wait()
        line = message(child)
        assert child.code == 1, child.printed()
        for command in re.findall(r"`(MLFLOW_TRACKING_URI=.*?)`", line):
            restored = ended(folder, limit=partial(_typed, command))
            assert restored.code == 0, restored.printed()
        return line

    return hit


def _typed(command: str) -> None:
    """Do what a shell would do with a command of MLflow's, in this process, and leave it."""
    from mlflow.cli import cli

    setting, _mlflow, *arguments = shlex.split(command)
    name, _, value = setting.partition("=")
    os.environ[name] = value
    cli.main(arguments, standalone_mode=False)
    os._exit(0)


def _store(file: Path):
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{file}")
    return client, client.get_experiment_by_name("xorlab").experiment_id


def _experiment_deleted(file: Path) -> None:
    client, experiment = _store(file)
    client.delete_experiment(experiment)
    os._exit(0)


def _experiment_collected(file: Path) -> None:
    from mlflow.cli import cli

    client, experiment = _store(file)
    client.delete_experiment(experiment)
    uri = f"sqlite:///{file}"
    os.environ["MLFLOW_TRACKING_URI"] = uri
    options = ["--backend-store-uri", uri, "--experiment-ids", experiment]
    cli.main(["gc", *options], standalone_mode=False)
    os._exit(0)


def _parent_deleted(file: Path) -> None:
    client, experiment = _store(file)
    running = "attributes.status = 'RUNNING' AND tags.`xorlab.sweep_key` LIKE '%'"
    for run in client.search_runs([experiment], running):
        client.delete_run(run.info.run_id)
    os._exit(0)


def _killed(folder: Path, rng: Random) -> bool:
    """Kill a sweep when it has recorded some runs; False if it had ended before."""
    with sweeping(folder, *SWEEP, INLINE) as child:
        when_recorded(folder, child, rng)
        child.kill()
        return child.wait() != 0


def removed_after_a_crash(folder: Path, rng: Random) -> str | None:
    """The sweep is killed and its database removed, but not the log that SQLite kept beside it."""
    if not _killed(folder, rng):
        return None
    (folder / "mlflow.db").unlink()
    return _started_anew(folder)


def restored_copy(folder: Path, rng: Random) -> str | None:
    """The database is damaged after a crash, and a copy put back as the message says."""
    copy = folder.with_name("copy.db")
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        connection.execute("VACUUM INTO ?", [str(copy)])
    if not _killed(folder, rng):
        return None
    (folder / "mlflow.db").write_bytes(rng.randbytes(100_000))
    refused = ended(folder, *OTHER)
    assert refused.code == 1, refused.printed()
    line = message(refused)
    for ending in BESIDE:
        (folder / f"mlflow.db{ending}").unlink(missing_ok=True)
    copy.rename(folder / "mlflow.db")
    _started_anew(folder)
    return line


def _started_anew(folder: Path) -> str:
    """Another sweep works on the store, which is sound after it."""
    child = ended(folder, *OTHER)
    assert child.code == 0, child.printed()
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return message(child)


def flipped_bytes(folder: Path, rng: Random) -> str | None:
    """Bytes of the database change; a copy is put back after it."""
    file = folder / "mlflow.db"
    stopped = ended(folder, *SWEEP, INLINE, "seed=range(0,2)")
    assert stopped.code == 0, stopped.printed()
    copies = {path: path.read_bytes() for path in _files(folder)}
    content = bytearray(file.read_bytes())
    for _ in range(rng.choice([1, 20, 300])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    file.write_bytes(content)
    child = ended(folder, *SWEEP, INLINE)
    for path in _files(folder):
        path.unlink()
    for path, whole in copies.items():
        path.write_bytes(whole)
    assert child.code in (0, 1), child.printed()
    return message(child)


def _files(folder: Path) -> list[Path]:
    paths = (folder / f"mlflow.db{ending}" for ending in BESIDE)
    return [path for path in paths if path.exists()]


# Tags of a sweep's own run, each with a value that xorlab does not write.
EDITS = (
    ("xorlab.heartbeat", "'abc'"),
    ("xorlab.heartbeat", f"'{'9' * 5000}'"),
    ("xorlab.owner", "'abc'"),
    ("xorlab.owner", "x'ff00'"),
)


def edited_tags(folder: Path, rng: Random) -> str | None:
    """Somebody edits a tag of a sweep that was killed; the next start takes no harm."""
    if not _killed(folder, rng):
        return None
    name, value = rng.choice(EDITS)
    _set_tag(folder, name, value)
    child = ended(folder, *OTHER)
    assert child.code in (0, 1), child.printed()
    # A sweep whose owner cannot be read may run elsewhere, until its heartbeat is a day old.
    _set_tag(folder, "xorlab.heartbeat", "'0'")
    return message(child)


def _set_tag(folder: Path, name: str, value: str) -> None:
    """Give a tag of all sweeps' own runs a value, written as in SQL."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        connection.execute(f"UPDATE tags SET value = {value} WHERE key = '{name}' AND {PARENTS}")
        connection.commit()


def lock_is_no_file(folder: Path, rng: Random) -> str | None:
    """What stands under the name of the lock is a link to another file, or a folder."""
    lock, target = folder / "mlflow.db.lock", folder / "target"
    lock.unlink(missing_ok=True)
    target.write_text("keep")
    is_link = rng.random() < 0.5
    lock.symlink_to(target) if is_link else lock.mkdir()
    child = ended(folder, *SWEEP, INLINE)
    lock.unlink() if is_link else lock.rmdir()
    assert child.code == 1, child.printed()
    assert target.read_text() == "keep"
    return message(child)


LOCK = r"^xorlab: .*'/.*/mlflow\.db\.lock'"
WORKS = "then open http"
LOST = r"^xorlab: \d+ of the sweep's runs have lost their files .* with tracking\.existing=retry"
DELETED = (
    "^xorlab: {} was deleted while the sweep ran; restore it with `MLFLOW_TRACKING_URI=sqlite:"
).format
COLLECTED = "^xorlab: experiment 'xorlab' was removed for good .* the same command makes it again"
FAULTS = (
    Fault("store locked by another, Ctrl-C", in_a_row(locked, GO_ON, INLINE), 2),
    Fault("artifacts removed", in_a_row(without_artifacts, LOST, INLINE, RETRY), 2),
    Fault(
        "experiment deleted",
        in_a_row(deleted(_experiment_deleted), DELETED("experiment 'xorlab'"), INLINE),
        1,
    ),
    Fault("experiment collected", in_a_row(deleted(_experiment_collected), COLLECTED, INLINE), 1),
    Fault(
        "sweep's own run deleted",
        in_a_row(deleted(_parent_deleted), DELETED("the sweep's own run [0-9a-f]{32}"), INLINE),
        1,
    ),
    Fault("killed, database removed", in_a_row(removed_after_a_crash, WORKS, INLINE), 1),
    Fault("killed, damaged, copy put back", in_a_row(restored_copy, DAMAGED, INLINE), 1),
    Fault("bytes of the store change", in_a_row(flipped_bytes, f"{DAMAGED}|{WORKS}", INLINE), 2),
    Fault("tags are edited", in_a_row(edited_tags, WORKS, INLINE), 2),
    Fault("lock is a link or a folder", in_a_row(lock_is_no_file, LOCK, INLINE), 1),
)
