"""Where shards run: here, in threads, or in worker processes; one small interface."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any, Protocol, TypeVar

from xorlab.engines.wire import from_npz, to_npz
from xorlab.engines.work import Runnable
from xorlab.errors import ConfigError
from xorlab.system.memory_limits import out_of_memory_kills

EXECUTORS = ("processes", "threads", "inline")
_ENVIRONMENT = threading.Lock()
_BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_TRIES = 2

T = TypeVar("T")


class Executor(Protocol):
    """What a sweep asks of any place that can run shards, this machine or a cluster.

    Attributes:
        workers: how many shards are trained at a time.
        slots: how many to hand over at a time, so that workers never wait and results do not pile
            up.
        dispatch: seconds that handing over costs, whatever is handed over; 0 where it is nothing.
    """

    workers: int
    slots: int
    dispatch: float

    def start(self) -> None:
        """Ask for workers: there is work. Again is allowed.

        Raises:
            EngineError: there are none.
        """

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Begin the work of one shard, or of one piece of a landscape."""

    def check(self) -> None:
        """Now and then, while something is under way.

        Raises:
            EngineError: there are no workers any more.
        """

    def close(self) -> None:
        """Give up what has not ended, and let go of all workers."""


def make_executor(name: str, workers: int) -> Executor:
    """An executor by name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name == "inline":
        return Inline(workers)
    if name == "threads":
        return Threads(workers)
    if name == "processes":
        return Processes(workers)
    raise ConfigError("hydra.launcher.executor", name, "one of " + ", ".join(EXECUTORS))


def worker_count(workers: int | None) -> int:
    """How many workers a configured number means; None for one per core this process may use.

    Raises:
        ConfigError: not a positive number.
    """
    if workers is None:
        with contextlib.suppress(AttributeError):  # not on every system
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if workers < 1:
        raise ConfigError("hydra.launcher.workers", workers, "an integer >= 1, or null")
    return workers


class Local:
    """What is always there, and costs nothing to hand over to."""

    dispatch = 0.0

    def __init__(self, workers: int, slots: int) -> None:
        self.workers, self.slots = workers, slots

    def start(self) -> None:
        """They begin with their work."""

    def check(self) -> None:
        """A worker that is gone gets its shard's future an outcome."""


class Inline(Local):
    """Runs every shard when it is submitted, in this process and thread."""

    def __init__(self, workers: int = 1) -> None:
        super().__init__(workers, slots=1)

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Run it before returning."""
        future: Future[T] = Future()
        future.set_result(work.run())
        return future

    def close(self) -> None:
        """Nothing to let go of."""


class Threads(Local):
    """Runs shards in threads of this process; NumPy lets go of the lock in long calls."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, slots=2 * workers)
        self._pool = ThreadPoolExecutor(workers)

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue it."""
        return self._pool.submit(work.run)

    def close(self) -> None:
        """Drop what has not begun; a thread cannot be stopped, so what has begun ends."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Processes(Local):
    """Runs each shard in a process of its own, forked from a clean one that has NumPy loaded.

    A process that dies takes nothing with it but its shard, which is tried once more.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, slots=2 * workers)
        methods = multiprocessing.get_all_start_methods()
        self._context: ForkServerContext | SpawnContext
        if "forkserver" in methods:
            self._context = multiprocessing.get_context("forkserver")
            # The last NumPy would else load in every worker: it takes longer than many a shard.
            self._context.set_forkserver_preload(["xorlab.engines.wire", "numpy.random"])
        else:
            self._context = multiprocessing.get_context("spawn")
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="xorlab-shard")
        self._alive: set[multiprocessing.process.BaseProcess] = set()
        self._closed = False
        self._kills = out_of_memory_kills()

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue it."""
        return self._pool.submit(self._attempt, work)

    def close(self) -> None:
        """Kill what runs, drop what waits."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in list(self._alive):
            process.kill()
        self._pool.shutdown(wait=True)

    def _attempt(self, work: Runnable[T]) -> T:
        code: int | None = None
        for _ in range(_TRIES):
            if self._closed:
                break
            done, code = self._once(work)
            if done is not None:
                return done
        return work.on_worker_death(
            f"the worker process was ended {_TRIES} times (exit code {code}{self._cause(code)})"
        )

    def _cause(self, code: int | None) -> str:
        if code != -signal.SIGKILL:
            return ""
        kills = out_of_memory_kills()
        if kills is None or self._kills is None or kills == self._kills:
            return ": somebody killed it, or the system where memory ran out"
        return (
            ": the system ended it because memory ran out; use fewer hydra.launcher.workers, a "
            "larger training.record_every or a smaller network.hidden, then start the same "
            "command again with tracking.existing=retry"
        )

    def _once(self, work: Runnable[T]) -> tuple[T | None, int | None]:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_serve, args=(sender, work), daemon=True)
        with _one_blas_thread():
            process.start()
        self._alive.add(process)
        if self._closed:  # it began while `close` was ending those it could see
            process.kill()
        sender.close()
        done: T | None
        try:
            done = from_npz(receiver.recv_bytes())
        except (EOFError, OSError):  # before, or in the middle of its answer
            done = None
        finally:
            receiver.close()
            process.join()
            self._alive.discard(process)
        return done, process.exitcode


def _serve(sender: Connection, work: Runnable[Any]) -> None:
    # Ctrl-C reaches every process of the terminal, and SIGTERM often every one of a job; the parent
    # decides what they mean.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sender.send_bytes(to_npz(work.run()))
    sender.close()


def _end_with_parent() -> None:
    """A killed parent cannot end its workers, and nobody would take what they bring."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextlib.contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Workers fill the cores already; the server they are forked from inherits this."""
    with _ENVIRONMENT:  # threads that start workers share it
        before = {name: os.environ.get(name) for name in _BLAS}
        os.environ.update(dict.fromkeys(_BLAS, "1"))
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
