"""A Dask cluster: shards through its own executor, which moves those of a killed worker."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from typing import Any, TypeVar

from xorlab.errors import EngineError
from xorlab.quiet import quiet
from xorlab.sweep.engines.make import TRIES, extra, fastest, refuse_other_versions, settle
from xorlab.sweep.engines.options import Options
from xorlab.sweep.engines.worker import run_packed, versions
from xorlab.sweep.wire import pack_work
from xorlab.sweep.work import Runnable

T = TypeVar("T")

_CONNECT = 10.0  # seconds
_LOOK = 2.0  # seconds between looks at the cluster


def make(options: Options) -> Dask:
    """The engine, connected to its scheduler.

    Raises:
        UsageError: the extra is not installed.
        EngineError: the scheduler does not answer.
    """
    return Dask(options)


class Dask:
    """Hands shards to a scheduler; see `xorlab.sweep.executors.Executor`."""

    def __init__(self, options: Options) -> None:
        self._distributed: Any = extra("dask", "distributed")
        self._wait = options.wait
        self._told = f"hydra.launcher.engine=dask: the scheduler at {options.address}"
        with quiet("distributed", logging.CRITICAL):
            try:
                self._client = self._distributed.Client(
                    options.address, timeout=_CONNECT, set_as_default=False
                )
            except (OSError, ValueError) as error:
                raise EngineError(f"{self._told} does not answer: {error}") from error
        self._seen = self._looked = time.monotonic()
        self.workers = options.workers or max(1, sum(self._client.nthreads().values()))
        self.slots = 2 * self.workers
        self.dispatch = 0.01

    def start(self) -> None:
        """Wait for a worker, look at its versions, and time empty errands."""
        try:
            self._client.wait_for_workers(1, timeout=self._wait)
        except TimeoutError as error:
            raise EngineError(f"{self._told} {self._none()}") from error
        try:
            found = self._client.submit(versions, pure=False, retries=TRIES).result(self._wait)
        except Exception as error:  # of any kind: it ran over there
            raise EngineError(f"{self._told} has a worker that cannot train: {error!r}") from error
        refuse_other_versions("dask", found)
        self.dispatch = fastest(
            lambda: self._client.submit(versions, pure=False).result(self._wait)
        )

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue it."""
        future: Future[T] = Future()
        sent = self._client.submit(run_packed, pack_work(work), pure=False)
        sent.add_done_callback(lambda ended: self._settle(ended, work, future))
        return future

    def check(self) -> None:
        """Look now and then whether there is a worker."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        if self._client.status != "running":
            return  # it tries again by itself, and gives up what is open in the end
        if self._client.scheduler_info()["workers"]:
            self._seen = now
        elif now - self._seen > self._wait:
            raise EngineError(f"{self._told} {self._none()}")

    def close(self) -> None:
        """Cancel what has not ended; the cluster stays."""
        with quiet("distributed", logging.CRITICAL):
            self._client.close(timeout=_CONNECT)  # with it goes what was asked for and is not done

    def _settle(self, ended: Any, work: Runnable[T], future: Future[T]) -> None:
        if ended.status not in ("finished", "error"):  # cancelled, or lost with the scheduler
            if not future.done():
                future.set_exception(EngineError(f"{self._told} has let go of the work"))
            return
        try:
            outcome: T | bytes = ended.result()
        except self._distributed.KilledWorker as error:
            outcome = work.lost(f"the workers that trained it were killed: {error}")
        except Exception as error:  # of any kind: it was raised over there
            outcome = work.lost(f"on a Dask worker: {error!r}")
        settle(future, outcome)

    def _none(self) -> str:
        return f"has had no worker for {self._wait:g} s (hydra.launcher.start_timeout)"
