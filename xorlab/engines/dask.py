"""A Dask cluster: shards through its own executor, which moves those of a killed worker."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, TypeVar

from xorlab.engines.engine import Engine
from xorlab.engines.make import extra
from xorlab.engines.options import Options
from xorlab.engines.work import Runnable
from xorlab.engines.worker import pack_request, run_packed
from xorlab.errors import EngineError
from xorlab.system.logs import quiet_logger

T = TypeVar("T")

_CONNECT = 10.0  # seconds


def make(options: Options) -> Dask:
    """The engine, connected to its scheduler.

    Raises:
        UsageError: the extra is not installed.
        EngineError: the scheduler does not answer.
    """
    return Dask(options)


class Dask(Engine):
    """Hands shards to a scheduler."""

    def __init__(self, options: Options) -> None:
        super().__init__(options, f"the scheduler at {options.address}")
        self._distributed: Any = extra("dask", "distributed")
        self._quietly = (
            ExitStack()
        )  # what it says of a scheduler that goes away, we tell in one line
        for name in ("distributed", "distributed.client"):  # each has a level of its own
            self._quietly.enter_context(quiet_logger(name, logging.CRITICAL))
        try:
            # A client that is given what is no address waits for it when it ends.
            self._distributed.comm.get_address_host_port(options.address)
            self._client = self._distributed.Client(
                options.address, timeout=_CONNECT, set_as_default=False
            )
        except (OSError, ValueError) as error:
            self._quietly.close()
            raise EngineError(f"{self._told} does not answer: {error}") from error
        self.workers = options.workers or max(1, sum(self._client.nthreads().values()))
        self.slots = 2 * self.workers

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue it."""
        future: Future[T] = Future()
        try:
            sent = self._client.submit(run_packed, pack_request(work), pure=False)
        except self._distributed.client.ClosedClientError as error:
            raise EngineError(self._gone()) from error
        sent.add_done_callback(lambda ended: self._settle(ended, work, future))
        return future

    def look(self) -> bool | None:
        """Whether there is a worker, as far as the client has been told."""
        if self._client.status != "running":
            return None  # what is open has been let go of
        return bool(self._client.scheduler_info()["workers"])

    def close(self) -> None:
        """Cancel what has not ended; the cluster stays."""
        self._stop_watching()
        self._client.close(timeout=_CONNECT)  # with it goes what was asked for and is not done
        self._quietly.close()

    def _settle(self, ended: Any, work: Runnable[T], future: Future[T]) -> None:
        if ended.status not in ("finished", "error"):  # cancelled, or lost with the scheduler
            if not future.done():
                future.set_exception(EngineError(self._gone()))
            return
        try:
            outcome: T | bytes = ended.result()
        except self._distributed.KilledWorker as error:
            outcome = work.on_worker_death(f"the workers that trained it were killed: {error}")
        except Exception as error:  # of any kind: it was raised over there
            outcome = work.on_worker_death(f"on a Dask worker: {error!r}")
        self.resolve(future, outcome)

    def _gone(self) -> str:
        return f"{self._told} is gone, or has let go of the work"
