"""A folder in which a sweep leaves shards, and workers leave results.

Sweep and workers share nothing else. A file is written under another name and then renamed, so it
is complete or absent. A shard is claimed by renaming it, which succeeds for one worker only.

    waiting/N       a shard that waits for a worker
    taken/N.WORKER  a shard that a worker has claimed
    done/N          its result
    alive           a number that grows while the sweep is alive
    stop            there will be no more shards
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
    """The folder, for the sweep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, mode=0o700)
        for part in _PARTS:
            (folder / part).mkdir()
        self._beats = 0
        self.beat()

    def beat(self) -> None:
        """Show workers that the sweep is alive."""
        self._beats += 1
        write_whole(self.folder / "alive", str(self._beats).encode())

    def put(self, number: int, data: bytes) -> None:
        """Leave a shard for the first worker that is free."""
        write_whole(self.folder / "waiting" / str(number), data)

    def done(self) -> dict[int, bytes]:
        """Results since the last call, by the numbers of their shards."""
        found = {}
        for name in _names(self.folder / "done"):
            path = self.folder / "done" / name
            found[int(name)] = path.read_bytes()
            path.unlink()
        return found

    def claims(self) -> dict[int, str]:
        """The worker of each shard that is claimed and not done."""
        names = [name.partition(".") for name in _names(self.folder / "taken")]
        return {int(number): worker for number, _, worker in names}

    def take_back(self, number: int, worker: str, requeue: bool) -> None:
        """Take a shard back from a dead worker: queue it again, or drop it."""
        claim = self.folder / "taken" / f"{number}.{worker}"
        with contextlib.suppress(FileNotFoundError):
            claim.replace(self.folder / "waiting" / str(number)) if requeue else claim.unlink()

    def stop(self) -> None:
        """Tell workers that there are no more shards."""
        write_whole(self.folder / "stop", b"")

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def run_job(folder: str) -> int:
    """One Slurm job: a worker under the job's name."""
    # A job that is submitted alone is not an array.
    job = os.environ.get("SLURM_ARRAY_JOB_ID") or os.environ["SLURM_JOB_ID"]
    return serve(folder, f"{job}_{os.environ.get('SLURM_ARRAY_TASK_ID', ALONE)}", SILENCE)


def serve(folder: str, worker: str, silence: float) -> int:
    """A worker: train shards until the sweep stops it, or shows no more sign of life.

    Args:
        folder: the spool's.
        worker: a name that no other worker has.
        silence: seconds without a sign of life after which the sweep counts as dead.

    Returns:
        the number of shards it trained.
    """
    spool, done = Path(folder), 0
    for name in _names(spool / "taken"):  # of this job before Slurm restarted it
        if name.partition(".")[2] == worker:
            with contextlib.suppress(FileNotFoundError):  # the sweep was faster
                (spool / "taken" / name).replace(spool / "waiting" / name.partition(".")[0])
    last_beat, since = b"", time.monotonic()
    while not (spool / "stop").exists():
        claim = _claim(spool, worker)
        if claim is not None:
            result = run_packed(claim.read_bytes())
            with contextlib.suppress(FileNotFoundError):  # the sweep may have taken it back
                write_whole(spool / "done" / claim.name.partition(".")[0], result)
                claim.unlink()
            done += 1
            since = time.monotonic()
            continue
        try:
            beat = (spool / "alive").read_bytes()
        except OSError:  # the folder is gone, and so is the sweep
            break
        if beat != last_beat:
            last_beat, since = beat, time.monotonic()
        elif time.monotonic() - since > silence:
            break
        time.sleep(_POLL)
    return done


def _claim(spool: Path, worker: str) -> Path | None:
    for name in sorted(_names(spool / "waiting"), key=int):
        claim = spool / "taken" / f"{name}.{worker}"
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            (spool / "waiting" / name).rename(claim)
            return claim
    return None


def _names(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]  # noqa: PTH208
    except FileNotFoundError:
        return []
