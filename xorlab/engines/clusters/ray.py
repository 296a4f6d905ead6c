"""A Ray cluster: shards are its tasks; Ray restarts those of a dead node on another one."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.parse import urlsplit

from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.engine import TRIES, Engine
from xorlab.engines.make import extra
from xorlab.engines.work import Runnable, WorkerDeathError
from xorlab.engines.worker import pack_request, run_packed
from xorlab.errors import EngineError

T = TypeVar("T")

KEYS = ("address", "memory", "cpus", "start_timeout")
REQUIRED: dict[str, str] = {}

_CONNECT = 10.0  # seconds
_MIB = 1 << 20
# A minute after the head is lost, Ray's core ends the process that uses it: a sweep could not say
# which runs are missing. The watching thread sees a lost head at once.
_RECONNECT_TIMEOUT, _DAY = "RAY_gcs_rpc_server_reconnect_timeout_s", "86400"


def make(options: LauncherConfig) -> Ray:
    """The engine, connected to its cluster.

    Raises:
        UsageError: the extra is not installed.
        EngineError: the cluster does not answer.
    """
    return Ray(options)


class Ray(Engine):
    """Submits shards to a cluster as tasks."""

    def __init__(self, options: LauncherConfig) -> None:
        where = "of this machine" if options.address is None else f"at {options.address}"
        super().__init__(options, f"the cluster {where}")
        os.environ.setdefault(_RECONNECT_TIMEOUT, _DAY)
        self._ray: Any = extra("ray", "ray")
        before = signal.getsignal(signal.SIGTERM)
        try:
            if options.address is not None:
                _connect(options.address)
            self._ray.init(
                address=options.address or "auto",
                log_to_driver=False,
                configure_logging=False,
                logging_level=logging.CRITICAL,
            )
        except (OSError, RuntimeError, ValueError, TimeoutError) as error:
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            raise EngineError(f"{self.name} does not answer: {reason}") from error
        finally:
            signal.signal(signal.SIGTERM, before)  # `init` installs its own handler
        self._head: str = options.address or self._ray.get_runtime_context().gcs_address
        self._needs = {"CPU": options.cpus or 1}
        self.shortage = f"no room for a worker (hydra.launcher.cpus={options.cpus or 1}"
        if options.memory is not None:
            self._needs["memory"] = options.memory * _MIB
            self.shortage += f", hydra.launcher.memory={options.memory}"
        self.shortage += ")"
        self._task = self._ray.remote(
            num_cpus=self._needs["CPU"], memory=self._needs.get("memory"), max_retries=TRIES - 1
        )(run_packed)
        self._open: dict[Future[Any], Any] = {}
        self.workers = options.workers or max(1, self._room())
        self.slots = 2 * self.workers

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue a shard."""
        future: Future[T] = Future()
        sent = self._task.remote(pack_request(work))
        self._open[future] = sent
        sent.future().add_done_callback(lambda ended: self._settle(ended, future))
        return future

    def has_workers(self) -> bool | None:
        """Whether there is a node with room for a worker.

        Ray is not asked once its head is lost: it would wait for the head, and end this process
        if another head started at the same address.
        """
        if (error := self._head_error()) is not None:
            raise EngineError(f"{self.name} has lost its head, {self._head}: {error}")
        return self._room() > 0

    def close(self) -> None:
        """Cancel open shards; the cluster stays."""
        if not self._ray.is_initialized():
            return
        for sent in list(self._open.values()):
            self._ray.cancel(sent, force=True)
        if self._stop_watching() or self._head_error() is not None:
            self._ray.shutdown()
        else:  # the head hangs: `shutdown` would wait for it, here and when Python exits
            atexit.unregister(self._ray.shutdown)

    def _head_error(self) -> OSError | None:
        """Why the head cannot be reached; None if it can, or if it is only slow."""
        try:
            _connect(self._head)
        except TimeoutError:
            return None
        except OSError as error:
            return error
        return None

    def _room(self) -> int:
        """How many workers fit on the nodes that are alive."""
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        return sum(
            min(int(node.get(name, 0) // need) for name, need in self._needs.items())
            for node in nodes
        )

    def _settle(self, ended: Future[bytes], future: Future[T]) -> None:
        self._open.pop(future, None)
        try:
            result: bytes | WorkerDeathError = ended.result()
        except Exception as error:  # of any kind: Ray's own, or raised by the worker
            reason = str(error).strip().splitlines() or [repr(error)]
            result = WorkerDeathError(f"on a Ray worker: {type(error).__name__}: {reason[0]}")
        self.resolve(future, result)


def _connect(address: str) -> None:
    """Check that something listens at an address; Ray would retry for minutes, with messages.

    Raises:
        OSError: nothing does.
        ValueError: the address is malformed.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    if parts.hostname is None or parts.port is None:
        raise ValueError("it must be HOST:PORT")
    socket.create_connection((parts.hostname, parts.port), timeout=_CONNECT).close()
