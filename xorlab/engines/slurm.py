"""A Slurm queue: one array of jobs, each a worker for as long as there are shards.

submitit writes and submits the array. A job costs a queue the best part of a second, so a job is no
shard: jobs take shards from a folder that they share with the sweep, as `spool` describes.
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
import uuid
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from xorlab.engines.engine import LOOK, PARTING, TRIES, Engine
from xorlab.engines.make import extra
from xorlab.engines.options import Options
from xorlab.engines.slurm_queue import Queue, needed
from xorlab.engines.slurm_spool import Spool, run_job
from xorlab.engines.work import Runnable
from xorlab.engines.worker import pack_request
from xorlab.errors import EngineError

T = TypeVar("T")

_POLL = 0.05  # seconds between looks into the folder


def make(options: Options) -> Slurm:
    """The engine; nothing is submitted yet.

    Raises:
        UsageError: the extra is not installed.
        EngineError: there is no Slurm here, or its controller does not answer.
    """
    return Slurm(options)


class Slurm(Engine):
    """Hands shards to the jobs of one array."""

    lack = "no job that runs"

    def __init__(self, options: Options) -> None:
        super().__init__(options, "the queue")
        self._submitit: Any = extra("slurm", "submitit")
        needed()
        self._options = options
        self.workers = options.workers or 1
        self.slots = 2 * self.workers
        self._queue: Queue | None = None
        self._spool: Spool
        self._open: dict[int, tuple[Future[Any], Runnable[Any]]] = {}
        self._tries: dict[int, int] = {}
        self._numbers = 0
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}  # of jobs that wait or run
        self._keep_logs = False
        self._taking = threading.Thread(target=self._take, name="xorlab-spool", daemon=True)

    def start(self) -> None:
        """Submit the array, and wait for its first job.

        Raises:
            EngineError: the queue refuses it, or none begins in time.
        """
        if self._queue is None:
            above = Path(self._options.folder or "slurm").absolute()
            try:
                self._spool = Spool(above / uuid.uuid4().hex[:12])
            except OSError as error:
                raise EngineError(f"hydra.launcher.folder={above}: {error}") from error
            try:
                self._queue = Queue(self._submit())
            except BaseException:
                self._forget()
                raise
            self._taking.start()
        super().start()

    def submit(self, work: Runnable[T]) -> Future[T]:
        """A shard for the first job that is free."""
        future: Future[T] = Future()
        with self._lock:
            number = self._numbers = self._numbers + 1
            self._open[number] = (future, work)
        self._spool.put(number, pack_request(work))
        return future

    def look(self) -> bool | None:
        """Whether a job runs; shards of those that are gone are given to others.

        Raises:
            EngineError: all jobs have ended, and there is work left.
        """
        claims = self._spool.claims()  # before the queue is asked: so their jobs had begun by then
        there = self._queue.states() if self._queue else None
        if there is None:
            return None
        self._states = there
        self._recover(claims, there)
        if not there:
            self._settle_all()
            if self._open:
                raise EngineError(
                    f"{self._told}: all {self.workers} jobs have ended with work left"
                    f"{self._last_words()}"
                )
        return any(map(_runs, there.values()))

    def why(self) -> str:
        """What the queue says of those that wait."""
        states = "; ".join(sorted(set(self._states.values())))
        return f"; squeue says: {states}" if states else ""

    def close(self) -> None:
        """Cancel what has not ended, whatever it is doing."""
        if self._queue is None:
            return
        queue, self._queue = self._queue, None
        idle = not self._open and self._fault is None
        with contextlib.suppress(OSError):
            self._spool.stop()
        self._stop_watching()
        until = time.monotonic() + (PARTING if idle else 0)
        while time.monotonic() < until and queue.states():
            time.sleep(_POLL)
        queue.cancel()
        if self._taking.is_alive():
            self._taking.join()
        if not self._keep_logs:
            self._forget()

    def _submit(self) -> str:
        """One array of equal jobs; returns its id."""
        options = self._options
        executor = self._submitit.SlurmExecutor(folder=self._spool.folder / "logs")
        asked = {
            "job_name": "xorlab",
            "partition": options.partition,
            "time": options.time,
            "mem": None if options.memory is None else f"{options.memory}M",
            "cpus_per_task": options.cpus or 1,
            "array_parallelism": self.workers,
        }
        executor.update_parameters(**{name: v for name, v in asked.items() if v is not None})
        folders = [str(self._spool.folder)] * self.workers
        try:
            # What sbatch says is told by us, on one line.
            with contextlib.redirect_stderr(io.StringIO()):
                jobs = executor.map_array(run_job, folders)
        except (self._submitit.core.utils.FailedJobError, OSError) as error:
            said = [line for line in str(error).splitlines() if "error" in line.lower()]
            reason = "; ".join(said) or str(error)
            raise EngineError(
                f"hydra.launcher.engine=slurm: the queue refuses {self.workers} jobs: {reason}"
            ) from error
        return str(jobs[0].job_id).partition("_")[0]

    def _take(self) -> None:
        """Take outcomes as they come, and say that the sweep lives, whatever the queue is doing."""
        said = 0.0
        while not self._closed.wait(_POLL):
            try:
                self._settle_all()
                if time.monotonic() - said > LOOK:
                    said = time.monotonic()
                    self._spool.beat()
            except OSError as error:  # in a thread there is nobody else to tell
                self._fault = f"hydra.launcher.folder={self._spool.folder.parent}: {error}"
                return

    def _recover(self, claims: dict[int, str], there: dict[str, str]) -> None:
        """Give the shards of jobs that run no longer to others.

        A job whose node has died waits to be begun anew, which may take long, and is not the
        shard's doing.
        """
        for number, worker in claims.items():
            if worker in there and _runs(there[worker]):
                continue
            if worker not in there:
                self._tries[number] = self._tries.get(number, 0) + 1
            again = self._tries.get(number, 0) < TRIES and number in self._open
            self._spool.take_back(number, worker, again)
            if not again:
                self._settle(number, None)

    def _settle_all(self) -> None:
        with self._lock:
            done = self._spool.done()
        for number, outcome in done.items():
            self._settle(number, outcome)

    def _settle(self, number: int, outcome: bytes | None) -> None:
        with self._lock:
            future, work = self._open.pop(number, (None, None))
        if future is None or work is None:
            return  # an earlier try was only slow
        reason = f"the Slurm job that trained it was ended {TRIES} times"
        self.resolve(future, work.on_worker_death(reason) if outcome is None else outcome)

    def _last_words(self) -> str:
        """What the job that ended last said on its standard error."""
        self._keep_logs = True
        logs = sorted(self._spool.folder.glob("logs/*.err"), key=lambda path: path.stat().st_mtime)
        lines = [line for path in logs[-1:] for line in path.read_text().splitlines() if line]
        told = f": {lines[-1]}" if lines else ""
        return f"{told} (logs: {self._spool.folder / 'logs'})"

    def _forget(self) -> None:
        self._spool.remove()
        with contextlib.suppress(OSError):  # another sweep may be using it
            self._spool.folder.parent.rmdir()


def _runs(state: str) -> bool:
    return not state.startswith("PENDING")
