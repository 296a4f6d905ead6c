"""Executors, and those of this machine: in this thread, in threads, in worker processes."""

from __future__ import annotations

import contextlib
import os
import signal
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar, cast

from xorlab.config.launcher_keys import EXECUTORS
from xorlab.engines import fork_server
from xorlab.engines.wire import pack_work
from xorlab.engines.work import Runnable, WorkerDeathError
from xorlab.engines.worker_process import CLOSING, WorkerProcess, load_early, make_context, started
from xorlab.errors import ConfigError
from xorlab.system.limits import free_descriptors
from xorlab.system.memory_limits import out_of_memory_kills

_TRIES = 2
_FILES, _OTHER_FILES = 3, 12  # open for each worker, and for all else

T = TypeVar("T")


class Executor(Protocol):
    """Trains shards, on this machine or on a cluster.

    Attributes:
        workers: how many shards are trained at a time.
        slots: how many to submit at a time, so that workers never wait and results do not pile up.
        dispatch: seconds that it takes to dispatch a shard of any size; 0 where that is negligible.
    """

    workers: int
    slots: int
    dispatch: float

    def start(self) -> None:
        """Get workers; repeated calls do nothing.

        Raises:
            EngineError: no workers can be had.
        """

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue a group of shards, or a piece of a landscape.

        The future raises `WorkerDeathError` if every worker that tried has died.
        """

    def check(self) -> None:
        """To be called regularly while there is open work.

        Raises:
            EngineError: the workers are gone.
        """

    def close(self) -> None:
        """Cancel open work, and release all workers."""


def make_executor(name: str, workers: int) -> Executor:
    """An executor of this machine by its name.

    Raises:
        ConfigError: there is no executor with that name.
    """
    if name == "inline":
        return Inline(workers)
    if name == "threads":
        return Threads(workers)
    if name == "processes":
        return Processes(workers)
    raise ConfigError("hydra.launcher.executor", name, "one of " + ", ".join(EXECUTORS))


def worker_count(workers: int | None) -> int:
    """The configured number of workers; None for one per core that this process may use.

    Raises:
        ConfigError: the number is not positive.
    """
    if workers is None:
        with contextlib.suppress(AttributeError):  # not on every system
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if workers < 1:
        raise ConfigError("hydra.launcher.workers", workers, "an integer >= 1, or null")
    return workers


class Local:
    """Workers on this machine; dispatch is free."""

    dispatch = 0.0

    def __init__(self, workers: int, slots: int) -> None:
        self.workers, self.slots = workers, slots

    def start(self) -> None:
        """Do nothing: workers start with their work."""

    def check(self) -> None:
        """Do nothing: work whose worker dies raises that as an error."""


class Inline(Local):
    """Trains every shard when it is submitted, in this thread."""

    def __init__(self, workers: int = 1) -> None:
        super().__init__(workers, slots=1)

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Train before returning."""
        future: Future[T] = Future()
        future.set_result(work.run())
        return future

    def close(self) -> None:
        """Do nothing."""


class Threads(Local):
    """Trains shards in threads; NumPy releases the interpreter lock in long calls."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, slots=2 * workers)
        self._pool = ThreadPoolExecutor(workers)

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue work."""
        return self._pool.submit(work.run)

    def close(self) -> None:
        """Drop what has not started; wait for the rest, because threads cannot be stopped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Processes(Local):
    """Trains shards in processes, forked from a clean one that has NumPy loaded.

    A process trains one shard after another. One that dies loses only the shard that it has, which
    is tried once more in another.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, slots=2 * workers)
        _refuse_too_many(workers)
        self._context = make_context()
        load_early(self._context)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="xorlab-shard")
        self._idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        self._alive: set[WorkerProcess] = set()
        self._closed = False
        self._running: set[Future[Any]] = set()
        self._kills = out_of_memory_kills()

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue work."""
        future = self._pool.submit(self._attempt, work)
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def close(self) -> None:
        """Kill the workers, drop waiting work."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for one in list(self._alive):
            one.kill()
        if wait(list(self._running), timeout=CLOSING).not_done:
            # Threads wait for a fork server that does not answer: it is stopped, or starts.
            fork_server.kill()
        self._pool.shutdown(wait=True)
        with contextlib.suppress(Empty):
            while True:
                self._ended(self._idle.get_nowait())

    def _attempt(self, work: Runnable[T]) -> T:
        request, code = pack_work(work), None
        for _ in range(_TRIES):
            if self._closed:
                break
            result, code = self._once(request)
            if result is not None:
                return cast(T, result)
        raise WorkerDeathError(
            f"the worker process was ended {_TRIES} times (exit code {code}{self._cause(code)})"
        )

    def _cause(self, code: int | None) -> str:
        if code != -signal.SIGKILL:
            return ""
        kills = out_of_memory_kills()
        if kills is None or self._kills is None or kills == self._kills:
            return ": it was killed, perhaps by the system because memory ran out"
        return (
            ": the system ended it because memory ran out; use fewer hydra.launcher.workers, a "
            "larger training.record_every or a smaller network.hidden, then start the same "
            "command again with tracking.existing=retry"
        )

    def _once(self, request: bytes) -> tuple[Any, int | None]:
        """What a worker answers, or None and the exit code of one that died."""
        try:
            one = self._idle.get_nowait()
        except Empty:
            one = self._started()
        result = one.run(request)
        if result is None:
            return None, self._ended(one)
        self._idle.put(one)
        return result, None

    def _started(self) -> WorkerProcess:
        one = started(self._context, lambda: self._closed)
        self._alive.add(one)
        if self._closed:  # it started while `close` was killing the others
            one.kill()
        return one

    def _ended(self, one: WorkerProcess) -> int | None:
        code = one.end()
        self._alive.discard(one)
        return code


def _refuse_too_many(workers: int) -> None:
    """Refuse more worker processes than this process may have open files for.

    Raises:
        ConfigError: there are too many.
    """
    free = free_descriptors(_FILES * workers + _OTHER_FILES)
    if free is not None and free < _FILES * workers + _OTHER_FILES:
        most = max(1, (free - _OTHER_FILES) // _FILES)
        if workers > most:
            raise ConfigError(
                "hydra.launcher.workers",
                workers,
                f"at most {most} here: each needs {_FILES} open files, and this shell allows "
                f"{free} more (ulimit -n)",
            )
