"""Executors, and those of this machine: in this thread, in threads, in worker processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.context import ForkServerContext, SpawnContext
from queue import Empty, SimpleQueue
from types import ModuleType
from typing import Any, Protocol, TypeVar, cast

from xorlab.config.launcher_keys import EXECUTORS
from xorlab.engines import worker
from xorlab.engines.wire import from_npz, pack_work
from xorlab.engines.work import Runnable, WorkerDeathError
from xorlab.errors import ConfigError
from xorlab.system.code_digest import LOADED_BY_NAME
from xorlab.system.memory_limits import out_of_memory_kills

_ENVIRONMENT = threading.Lock()
# Workers fill the cores already, so BLAS has one thread. And Python would look for modules in the
# working folder first: a file there that is called random.py would take the place of Python's.
_WORKERS_HAVE = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONSAFEPATH"), "1"
)
_TRIES = 2

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


class _Worker:
    """A worker process, and this end of its pipe."""

    def __init__(self, context: ForkServerContext | SpawnContext) -> None:
        self._pipe, far = context.Pipe()
        self.process = context.Process(target=worker.serve, args=(far,), daemon=True)
        with _start_settings():
            self.process.start()
        far.close()

    def run(self, request: bytes) -> Any:
        """What the worker answers; None if it died before it had sent the whole answer.

        Raises:
            EngineError: the worker refuses the work.
        """
        try:
            self._pipe.send_bytes(request)
            answer = self._pipe.recv_bytes()
        except (EOFError, OSError):
            return None
        return from_npz(answer)

    def end(self) -> int | None:
        """Wait for the end of a process that has died or was killed; its exit code."""
        self._pipe.close()
        self.process.join()
        return self.process.exitcode


class Processes(Local):
    """Trains shards in processes, forked from a clean one that has NumPy loaded.

    A process trains one shard after another. One that dies loses only the shard that it has, which
    is tried once more in another.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, slots=2 * workers)
        methods = multiprocessing.get_all_start_methods()
        self._context: ForkServerContext | SpawnContext
        if "forkserver" in methods:
            self._context = multiprocessing.get_context("forkserver")
            # All that workers import: each would otherwise spend more time on imports than on many
            # a shard. NumPy loads `numpy.random` only when it is used.
            preload = [worker.__name__, *LOADED_BY_NAME, "numpy.random"]
            self._context.set_forkserver_preload(preload)
        else:
            self._context = multiprocessing.get_context("spawn")
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="xorlab-shard")
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._alive: set[multiprocessing.process.BaseProcess] = set()
        self._closed = False
        self._kills = out_of_memory_kills()

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue work."""
        return self._pool.submit(self._attempt, work)

    def close(self) -> None:
        """Kill the workers, drop waiting work."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in list(self._alive):
            process.kill()
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

    def _started(self) -> _Worker:
        one = _Worker(self._context)
        self._alive.add(one.process)
        if self._closed:  # it started while `close` was killing the others
            one.process.kill()
        return one

    def _ended(self, one: _Worker) -> int | None:
        code = one.end()
        self._alive.discard(one.process)
        return code


@contextlib.contextmanager
def _start_settings() -> Iterator[None]:
    """What holds while a worker starts: its environment is set, and there is no main module.

    Workers inherit the environment, and so does the server that they are forked from. The main
    module may be a user's script, which each worker would run.
    """
    main = sys.modules["__main__"]
    with _ENVIRONMENT:  # several threads start workers
        before = {name: os.environ.get(name) for name in _WORKERS_HAVE}
        os.environ.update(_WORKERS_HAVE)
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
