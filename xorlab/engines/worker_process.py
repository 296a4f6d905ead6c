"""A worker process of this machine, as the sweep sees it: started, asked, ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, SpawnContext
from types import ModuleType
from typing import Any

from xorlab.engines import fork_server, worker
from xorlab.engines.wire import from_npz
from xorlab.errors import EngineError
from xorlab.system.code_digest import LOADED_BY_NAME

CLOSING = 1.0  # seconds in which a process that was killed is gone, unless something is stopped
_TRIES = 3
_STARTING = threading.Lock()
# Workers fill the cores already, so BLAS has one thread. And Python would look for modules in the
# working folder first: a file there that is called random.py would take the place of Python's.
_WORKERS_HAVE = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONSAFEPATH"), "1"
)

Context = ForkServerContext | SpawnContext


class WorkerProcess:
    """A worker process, and this end of its pipe.

    Raises:
        OSError, EOFError: it cannot be started.
    """

    def __init__(self, context: Context) -> None:
        self._pipe, far = context.Pipe()
        self.process = context.Process(target=worker.serve, args=(far,), daemon=True)
        try:
            with _start_settings(), fork_server.signals_blocked():
                self.process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
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

    def kill(self) -> None:
        """Kill the process, also if the server that it was forked from has died."""
        if self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    def end(self) -> int | None:
        """Wait for the end of a process that has died or was killed; its exit code, if known."""
        self._pipe.close()
        self.process.join(CLOSING)
        if self.process.exitcode is None:
            fork_server.kill()  # it is stopped, and would never report the end
            self.process.join(CLOSING)
        return self.process.exitcode


def make_context() -> Context:
    """How worker processes are started here."""
    methods = multiprocessing.get_all_start_methods()
    if "forkserver" not in methods or not fork_server.is_possible():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # All that workers import: each would otherwise spend more time on imports than on many a
    # shard. NumPy loads `numpy.random` only when it is used.
    context.set_forkserver_preload([worker.__name__, *LOADED_BY_NAME, "numpy.random"])
    return context


def load_early(context: Context) -> None:
    """Begin to load what workers need, in the process that they are forked from.

    Meanwhile the jobs of a sweep are composed. If it fails, the first worker tries it again.
    """
    if not isinstance(context, ForkServerContext):
        return
    with contextlib.suppress(OSError), _STARTING, _start_settings(), fork_server.signals_blocked():
        forkserver.ensure_running()


def started(context: Context, closed: Callable[[], bool]) -> WorkerProcess:
    """A new worker process.

    Args:
        context: from `make_context`.
        closed: whether no worker is wanted any more.

    Raises:
        EngineError: none can be started, or wanted.
    """
    failed: Exception | None = None
    for _ in range(_TRIES):
        try:
            with _STARTING:  # several threads start workers
                if closed():
                    raise EngineError("there is no work left")
                return WorkerProcess(context)
        except (EOFError, ConnectionError) as error:
            failed = error  # the fork server has died meanwhile; there will be another one
        except OSError as error:
            raise EngineError(f"a worker process cannot be started: {error}") from error
    raise EngineError(
        "worker processes cannot be started: the process that they are forked from was ended "
        f"{_TRIES} times ({type(failed).__name__}). See what ends it, or use "
        "hydra.launcher.executor=threads, then start the same command again"
    )


@contextlib.contextmanager
def _start_settings() -> Iterator[None]:
    """What holds while a worker starts: its environment is set, and there is no main module.

    Workers inherit the environment, and so does the server that they are forked from. The main
    module may be a user's script, which each worker would run.
    """
    main = sys.modules["__main__"]
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
