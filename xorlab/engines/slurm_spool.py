"""A folder through which shards pass to workers, and outcomes back: the only thing they share.

A file is written beside its place and renamed, so it is there whole or not at all; it is claimed by
renaming it, which only one can do.

    waiting/N       a shard that nobody has
    taken/N.WORKER  one that a worker has claimed
    done/N          its outcome
    alive           a number that grows while the sweep lives
    stop            nothing more will come
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from xorlab.engines.worker import run_packed
from xorlab.system.files import write_whole

ALONE = "0"  # in the name of a job that is not part of an array
SILENCE = 60.0  # seconds without a sign of life from the sweep after which its workers end
_POLL = 0.05  # seconds
_PARTS = ("waiting", "taken", "done")


class Spool:
    """The sweep's side."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, mode=0o700)
        for part in _PARTS:
            (folder / part).mkdir()
        self._beats = 0
        self.beat()

    def beat(self) -> None:
        """Say that the sweep lives."""
        self._beats += 1
        write_whole(self.folder / "alive", str(self._beats).encode())

    def put(self, number: int, data: bytes) -> None:
        """A shard for whoever comes first."""
        write_whole(self.folder / "waiting" / str(number), data)

    def done(self) -> dict[int, bytes]:
        """Outcomes that have come since the last call."""
        found = {}
        for name in _names(self.folder / "done"):
            path = self.folder / "done" / name
            found[int(name)] = path.read_bytes()
            path.unlink()
        return found

    def claims(self) -> dict[int, str]:
        """What is claimed and not done, with the worker that has it."""
        names = [name.partition(".") for name in _names(self.folder / "taken")]
        return {int(number): worker for number, _, worker in names}

    def take_back(self, number: int, worker: str, again: bool) -> None:
        """From a worker that is gone: for another one, or for none."""
        claim = self.folder / "taken" / f"{number}.{worker}"
        with contextlib.suppress(FileNotFoundError):
            claim.replace(self.folder / "waiting" / str(number)) if again else claim.unlink()

    def stop(self) -> None:
        """Tell workers that nothing more will come."""
        write_whole(self.folder / "stop", b"")

    def remove(self) -> None:
        """With all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def run_job(folder: str) -> int:
    """One Slurm job: a worker under the job's name."""
    # A job that is submitted alone is not an array.
    job = os.environ.get("SLURM_ARRAY_JOB_ID") or os.environ["SLURM_JOB_ID"]
    return serve(folder, f"{job}_{os.environ.get('SLURM_ARRAY_TASK_ID', ALONE)}", SILENCE)


def serve(folder: str, worker: str, silence: float) -> int:
    """A worker: train what is there until the sweep says stop, or falls silent.

    Args:
        folder: of the spool.
        worker: a name that no other worker has.
        silence: seconds without a sign of life after which the sweep counts as dead.

    Returns:
        how many shards it did.
    """
    spool, done = Path(folder), 0
    for name in _names(spool / "taken"):  # of the same job, before its queue began it anew
        if name.partition(".")[2] == worker:
            with contextlib.suppress(FileNotFoundError):  # the sweep was faster
                (spool / "taken" / name).replace(spool / "waiting" / name.partition(".")[0])
    heard, since = b"", time.monotonic()
    while not (spool / "stop").exists():
        claim = _claim(spool, worker)
        if claim is not None:
            outcome = run_packed(claim.read_bytes())
            with contextlib.suppress(FileNotFoundError):  # it may have been given to another
                write_whole(spool / "done" / claim.name.partition(".")[0], outcome)
                claim.unlink()
            done += 1
            since = time.monotonic()
            continue
        try:
            said = (spool / "alive").read_bytes()
        except OSError:  # the folder is gone, and so is the sweep
            break
        if said != heard:
            heard, since = said, time.monotonic()
        elif time.monotonic() - since > silence:
            break
        time.sleep(_POLL)
    return done


def _claim(spool: Path, worker: str) -> Path | None:
    for name in sorted(_names(spool / "waiting"), key=int):
        claim = spool / "taken" / f"{name}.{worker}"
        with contextlib.suppress(FileNotFoundError):  # somebody else was faster
            (spool / "waiting" / name).rename(claim)
            return claim
    return None


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208
    except FileNotFoundError:
        return []
