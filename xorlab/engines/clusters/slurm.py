"""A Slurm queue: one array of jobs, each of which is a worker as long as there are shards.

submitit writes and submits the array. A job costs the queue nearly a second, so a shard is not a
job: jobs take shards from a folder that they share with the sweep (`xorlab.engines.slurm_spool`).
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
import uuid
from concurrent.futures import Future
from typing import Any, TypeVar

from xorlab.config.launcher_keys import LauncherConfig
from xorlab.config.paths import given_path
from xorlab.engines.engine import SHUTDOWN_WAIT, TRIES, WATCH_INTERVAL, Engine
from xorlab.engines.make import extra
from xorlab.engines.slurm_queue import Queue, check_queue
from xorlab.engines.slurm_spool import Spool, run_job
from xorlab.engines.work import Runnable, WorkerDeathError
from xorlab.engines.worker import pack_request
from xorlab.errors import EngineError

T = TypeVar("T")

KEYS = ("partition", "time", "memory", "cpus", "folder", "start_timeout")
REQUIRED = {"workers": "how many Slurm jobs to ask for"}

_POLL = 0.05  # seconds between two looks into the folder


def make(options: LauncherConfig) -> Slurm:
    """The engine; nothing is submitted yet.

    Raises:
        UsageError: the extra is not installed.
        EngineError: there is no Slurm here, or its controller does not answer.
    """
    return Slurm(options)


class Slurm(Engine):
    """Gives shards to the jobs of one array."""

    shortage = "no job that runs"

    def __init__(self, options: LauncherConfig) -> None:
        super().__init__(options, "the queue")
        self._submitit: Any = extra("slurm", "submitit")
        check_queue()
        self._options = options
        self.workers = options.workers or 1
        self.slots = 2 * self.workers
        self._queue: Queue | None = None
        self._spool: Spool
        self._open: dict[int, Future[Any]] = {}
        self._tries: dict[int, int] = {}
        self._last_number = 0
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}  # of jobs that wait or run, by job
        self._keep_logs = False
        self._collecting = threading.Thread(target=self._collect, name="xorlab-spool", daemon=True)

    def start(self) -> None:
        """Submit the array, and wait for its first job.

        Raises:
            EngineError: the queue refuses it, or no job starts in time.
        """
        if self._queue is None:
            parent = given_path("hydra.launcher.folder", self._options.folder or "slurm").absolute()
            try:
                self._spool = Spool(parent / uuid.uuid4().hex[:12])
            except OSError as error:
                raise EngineError(f"hydra.launcher.folder={parent}: {error}") from error
            try:
                self._queue = Queue(self._submit())
            except BaseException:
                self._remove_folder()
                raise
            self._collecting.start()
        super().start()

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue a shard for the first job that is free."""
        future: Future[T] = Future()
        with self._lock:
            number = self._last_number = self._last_number + 1
            self._open[number] = future
        self._spool.put(number, pack_request(work))
        return future

    def has_workers(self) -> bool | None:
        """Whether a job runs; shards of dead jobs are queued again.

        Raises:
            EngineError: all jobs have ended, and there is work left.
        """
        # Claims first: a job that claims a shard only after the queue was asked would seem dead.
        claims = self._spool.claims()
        states = self._queue.states() if self._queue else None
        if states is None:
            return None
        self._states = states
        self._recover(claims, states)
        if not states:
            self._settle_all()
            if self._open:
                raise EngineError(
                    f"{self.name}: all {self.workers} jobs have ended with work left"
                    f"{self._last_error()}"
                )
        return any(map(_runs, states.values()))

    def shortage_details(self) -> str:
        """The states of the jobs, with the queue's reasons."""
        states = "; ".join(sorted(set(self._states.values())))
        return f"; squeue says: {states}" if states else ""

    def close(self) -> None:
        """Cancel all jobs that have not ended."""
        if self._queue is None:
            return
        queue, self._queue = self._queue, None
        finished = not self._open and self._fault is None
        with contextlib.suppress(OSError):
            self._spool.stop()
        self._stop_watching()
        end = time.monotonic() + (SHUTDOWN_WAIT if finished else 0)
        while time.monotonic() < end and queue.states():
            time.sleep(_POLL)
        queue.cancel()
        if self._collecting.is_alive():
            self._collecting.join()
        if not self._keep_logs:
            self._remove_folder()

    def _submit(self) -> str:
        """Submit one array of equal jobs; returns its id."""
        options = self._options
        executor = self._submitit.SlurmExecutor(folder=self._spool.folder / "logs")
        parameters = {
            "job_name": "xorlab",
            "partition": options.partition,
            "time": options.time,
            "mem": None if options.memory is None else f"{options.memory}M",
            "cpus_per_task": options.cpus or 1,
            "array_parallelism": self.workers,
            # Else Python would look for modules in the working folder first.
            "setup": ["export PYTHONSAFEPATH=1"],
        }
        executor.update_parameters(**{name: v for name, v in parameters.items() if v is not None})
        folders = [str(self._spool.folder)] * self.workers
        try:
            # The error below has what sbatch prints, on one line.
            with contextlib.redirect_stderr(io.StringIO()):
                jobs = executor.map_array(run_job, folders)
        except (self._submitit.core.utils.FailedJobError, OSError) as error:
            lines = [line for line in str(error).splitlines() if "error" in line.lower()]
            reason = "; ".join(lines) or str(error)
            raise EngineError(
                f"hydra.launcher.engine=slurm: the queue refuses {self.workers} jobs: {reason}"
            ) from error
        return str(jobs[0].job_id).partition("_")[0]

    def _collect(self) -> None:
        """Collect results, and show that the sweep is alive, even while the queue hangs."""
        last_beat = 0.0
        while not self._closed.wait(_POLL):
            try:
                self._settle_all()
                if time.monotonic() - last_beat > WATCH_INTERVAL:
                    last_beat = time.monotonic()
                    self._spool.beat()
            except OSError as error:  # `check` raises it in the main thread
                self._fault = f"hydra.launcher.folder={self._spool.folder.parent}: {error}"
                return

    def _recover(self, claims: dict[int, str], states: dict[str, str]) -> None:
        """Take shards back from jobs that no longer run: queue them again, or let them fail.

        A job whose node died is queued again by Slurm, which may take long. That does not count as
        a try of its shard.
        """
        for number, worker in claims.items():
            if worker in states and _runs(states[worker]):
                continue
            if worker not in states:
                self._tries[number] = self._tries.get(number, 0) + 1
            requeue = self._tries.get(number, 0) < TRIES and number in self._open
            self._spool.take_back(number, worker, requeue)
            if not requeue:
                self._settle(number, None)

    def _settle_all(self) -> None:
        with self._lock:
            done = self._spool.done()
        for number, result in done.items():
            self._settle(number, result)

    def _settle(self, number: int, result: bytes | None) -> None:
        """Resolve a shard's future; None for the result of a shard whose workers died."""
        with self._lock:
            future = self._open.pop(number, None)
        if future is None:
            return  # an earlier try was slow, and has resolved it
        reason = f"the Slurm job that trained it was ended {TRIES} times"
        self.resolve(future, WorkerDeathError(reason) if result is None else result)

    def _last_error(self) -> str:
        """The last line on standard error of the job that ended last."""
        self._keep_logs = True
        logs = sorted(self._spool.folder.glob("logs/*.err"), key=lambda path: path.stat().st_mtime)
        lines = [line for path in logs[-1:] for line in path.read_text().splitlines() if line]
        last = f": {lines[-1]}" if lines else ""
        return f"{last} (logs: {self._spool.folder / 'logs'})"

    def _remove_folder(self) -> None:
        self._spool.remove()
        with contextlib.suppress(OSError):  # another sweep may be using it
            self._spool.folder.parent.rmdir()


def _runs(state: str) -> bool:
    return not state.startswith("PENDING")
