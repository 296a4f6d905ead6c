"""A Dask cluster: shards are its tasks; Dask moves those of a killed worker to another one."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, TypeVar

from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.dask_client import connected, tells_of_killed_workers
from xorlab.engines.engine import Engine
from xorlab.engines.make import extra
from xorlab.engines.work import Runnable, WorkerDeathError
from xorlab.engines.worker import pack_request, run_packed
from xorlab.errors import EngineError
from xorlab.system.logs import quiet_logger

T = TypeVar("T")

KEYS = ("address", "start_timeout")
REQUIRED = {"address": "the scheduler's address, such as tcp://127.0.0.1:8786,"}
_CONNECT = 10.0  # seconds
_SILENT = logging.CRITICAL + 1


def make(options: LauncherConfig) -> Dask:
    """The engine, connected to its scheduler.

    Raises:
        UsageError: the extra is not installed.
        EngineError: the scheduler does not answer.
    """
    return Dask(options)


class Dask(Engine):
    """Submits shards to a scheduler."""

    def __init__(self, options: LauncherConfig) -> None:
        super().__init__(options, f"the scheduler at {options.address}")
        self._distributed: Any = extra("dask", "distributed")
        self._logging = ExitStack()  # one line from us replaces Dask's about a lost scheduler
        for name in ("distributed", "distributed.client"):  # each has its own level
            self._logging.enter_context(quiet_logger(name, logging.CRITICAL))
        # With a traceback, before the error of a result that is not read: that is ours to explain.
        self._logging.enter_context(quiet_logger("distributed.protocol.core", _SILENT))
        try:
            # A client with a malformed address would wait for it when it closes: parse it first.
            self._distributed.comm.get_address_host_port(options.address)
            self._client = connected(self._distributed, str(options.address), _CONNECT)
        except (OSError, ValueError) as error:
            self._logging.close()
            raise EngineError(f"{self.name} does not answer: {error}") from error
        self.workers = options.workers or max(1, sum(self._client.nthreads().values()))
        self.slots = 2 * self.workers

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue a shard."""
        future: Future[T] = Future()
        try:
            sent = self._client.submit(run_packed, pack_request(work), pure=False)
        except self._distributed.client.ClosedClientError as error:
            raise EngineError(self._lost()) from error
        sent.add_done_callback(lambda ended: self._settle(ended, future))
        return future

    def has_workers(self) -> bool | None:
        """Whether there is a worker, as far as the client knows."""
        if self._client.status != "running":
            return None  # the scheduler is lost, and `_settle` gets every open shard
        return bool(self._client.scheduler_info()["workers"])

    def close(self) -> None:
        """Cancel open shards; the cluster stays."""
        self._stop_watching()
        self._client.close(timeout=_CONNECT)  # the scheduler drops what this client asked for
        self._logging.close()

    def _settle(self, ended: Any, future: Future[T]) -> None:
        if ended.status not in ("finished", "error"):  # cancelled, or lost with the scheduler
            if not future.done():
                future.set_exception(EngineError(self._lost()))
            return
        try:
            result: bytes | WorkerDeathError = ended.result()
        except Exception as error:  # the worker or the scheduler raised it
            text = str(error)
            killed = tells_of_killed_workers(text)
            where = "the workers that trained it were killed" if killed else "on a Dask worker"
            result = WorkerDeathError(f"{where}: {text}")
        self.resolve(future, result)

    def _lost(self) -> str:
        return f"{self.name} is gone, or has dropped the work"
