"""A Slurm queue: one array of jobs, each a worker for as long as there are shards.

submitit writes and submits the array. A job costs a queue the best part of a second, so a job is no
shard: jobs take shards from a folder that they share with the sweep, as `spool` describes.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
import uuid
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from xorlab.errors import EngineError
from xorlab.sweep.engines.make import TRIES, extra, refuse_other_versions, settle
from xorlab.sweep.engines.options import Options
from xorlab.sweep.engines.queue import Queue, needed
from xorlab.sweep.engines.spool import Spool, serve
from xorlab.sweep.wire import pack_work
from xorlab.sweep.work import Runnable

T = TypeVar("T")

SILENCE = 60.0  # seconds after which workers give a sweep up that says nothing
_POLL = 0.05  # seconds between looks into the folder
_LOOK = 2.0  # seconds between looks at the queue, and signs of life
_DEAF = 300.0  # seconds that the queue may not answer
_PARTING = 2.0  # seconds for idle workers to leave by themselves


def make(options: Options) -> Slurm:
    """The engine; nothing is submitted yet.

    Raises:
        UsageError: the extra is not installed.
        EngineError: there is no Slurm here, or its controller does not answer.
    """
    return Slurm(options)


class Slurm:
    """Hands shards to the jobs of one array; see `xorlab.sweep.executors.Executor`."""

    dispatch = 2 * _POLL

    def __init__(self, options: Options) -> None:
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
        self._fault: str | None = None
        self._keep_logs = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="xorlab-slurm", daemon=True)

    def start(self) -> None:
        """Submit the array.

        Raises:
            EngineError: the queue refuses it.
        """
        if self._queue is not None:
            return
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
        self._thread.start()

    def submit(self, work: Runnable[T]) -> Future[T]:
        """A shard for the first job that is free."""
        future: Future[T] = Future()
        with self._lock:
            number = self._numbers = self._numbers + 1
            self._open[number] = (future, work)
        self._spool.put(number, pack_work(work))
        return future

    def check(self) -> None:
        """Whether there are jobs.

        Raises:
            EngineError: they have all ended, or none began in time.
        """
        if self._fault is not None:
            raise EngineError(f"hydra.launcher.engine=slurm: {self._fault}")

    def close(self) -> None:
        """Cancel what has not ended, whatever it is doing."""
        if self._queue is None:
            return
        queue, self._queue = self._queue, None
        self._closed.set()
        with contextlib.suppress(OSError):
            self._spool.stop()
        until = time.monotonic() + (0 if self._open or self._fault else _PARTING)
        while time.monotonic() < until and queue.states():
            time.sleep(_POLL)
        queue.cancel()
        if self._thread.is_alive():
            self._thread.join()
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
                jobs = executor.map_array(_work_in, folders)
        except (self._submitit.core.utils.FailedJobError, OSError) as error:
            said = [line for line in str(error).splitlines() if "error" in line.lower()]
            reason = "; ".join(said) or str(error)
            raise EngineError(
                f"hydra.launcher.engine=slurm: the queue refuses {self.workers} jobs: {reason}"
            ) from error
        return str(jobs[0].job_id).partition("_")[0]

    def _watch(self) -> None:
        """Outcomes as they come; now and then, which jobs are gone."""
        began = looked = heard = time.monotonic()
        begun = False
        while not self._closed.wait(_POLL):
            try:
                for number, outcome in self._spool.done().items():
                    self._settle(number, outcome)
                now = time.monotonic()
                if now - looked < _LOOK:
                    continue
                looked = now
                self._spool.beat()
                there = self._queue.states() if self._queue else None
                if there is None:
                    if now - heard > _DEAF:
                        self._fault = f"squeue has not answered for {_DEAF:g} s"
                    continue
                heard = now
                workers = self._spool.workers()
                if workers and not begun:
                    begun = True
                    refuse_other_versions("slurm", next(iter(workers.values())))
                self._recover(set(workers), there)
                if not begun and now - began > self._options.wait:
                    why = "; ".join(sorted(set(there.values())))
                    self._fault = (
                        f"no job has begun within {self._options.wait:g} s "
                        f"(hydra.launcher.start_timeout); squeue says: {why or 'nothing'}"
                    )
            except Exception as error:  # in a thread there is nobody else to tell
                self._fault = str(error).removeprefix("hydra.launcher.engine=slurm: ")
            if self._fault:
                return

    def _recover(self, workers: set[str], there: dict[str, str]) -> None:
        """Give the shards of jobs that are gone to others, while there are others."""
        for worker in workers - set(there):
            for number in self._spool.taken(worker):
                tries = self._tries[number] = self._tries.get(number, 0) + 1
                again = tries < TRIES and number in self._open
                self._spool.take_back(number, worker, again)
                if not again:
                    self._settle(number, None)
        if not there:
            for number, outcome in self._spool.done().items():
                self._settle(number, outcome)
            if self._open:
                self._fault = (
                    f"all {self.workers} jobs have ended with work left{self._last_words()}"
                )

    def _settle(self, number: int, outcome: bytes | None) -> None:
        with self._lock:
            future, work = self._open.pop(number, (None, None))
        if future is None or work is None:
            return  # an earlier try was only slow
        reason = f"the Slurm job that trained it was ended {TRIES} times"
        settle(future, work.lost(reason) if outcome is None else outcome)

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


def _work_in(folder: str) -> int:
    """One job of the array."""
    job, place = os.environ["SLURM_ARRAY_JOB_ID"], os.environ["SLURM_ARRAY_TASK_ID"]
    return serve(folder, f"{job}_{place}", SILENCE)
