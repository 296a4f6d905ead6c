"""A Ray cluster: shards as its tasks, which it begins again elsewhere when a node dies."""

from __future__ import annotations

import logging
import signal
import socket
import time
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.parse import urlsplit

from xorlab.errors import EngineError
from xorlab.sweep.engines.make import TRIES, extra, fastest, refuse_other_versions, settle
from xorlab.sweep.engines.options import Options
from xorlab.sweep.engines.worker import run_packed, versions
from xorlab.sweep.wire import pack_work
from xorlab.sweep.work import Runnable

T = TypeVar("T")

_CONNECT = 10.0  # seconds
_LOOK = 2.0  # seconds between looks at the cluster
_MIB = 1 << 20


def _look_for(address: str) -> None:
    """Ray itself would try for minutes, and say so every few seconds.

    Raises:
        OSError: nobody is there.
        ValueError: this is no address.
    """
    place = urlsplit(address if "://" in address else f"//{address}")
    if place.hostname is None or place.port is None:
        raise ValueError("it must be HOST:PORT")
    socket.create_connection((place.hostname, place.port), timeout=_CONNECT).close()


def make(options: Options) -> Ray:
    """The engine, connected to its cluster.

    Raises:
        UsageError: the extra is not installed.
        EngineError: the cluster does not answer.
    """
    return Ray(options)


class Ray:
    """Hands shards to a cluster; see `xorlab.sweep.executors.Executor`."""

    def __init__(self, options: Options) -> None:
        self._ray: Any = extra("ray", "ray")
        self._wait, self._cpus = options.wait, options.cpus or 1
        where = "of this machine" if options.address is None else f"at {options.address}"
        self._told = f"hydra.launcher.engine=ray: the cluster {where}"
        before = signal.getsignal(signal.SIGTERM)
        try:
            if options.address is not None:
                _look_for(options.address)
            self._ray.init(
                address=options.address or "auto", log_to_driver=False,
                configure_logging=False, logging_level=logging.CRITICAL,
            )  # fmt: skip
        except (OSError, RuntimeError, ValueError, TimeoutError) as error:
            reason = (str(error).strip() or repr(error)).splitlines()[0]
            raise EngineError(f"{self._told} does not answer: {reason}") from error
        finally:
            signal.signal(signal.SIGTERM, before)  # it puts its own there
        needs: dict[str, Any] = {"num_cpus": self._cpus, "max_retries": TRIES - 1}
        if options.memory is not None:
            needs["memory"] = options.memory * _MIB
        self._task = self._ray.remote(**needs)(run_packed)
        self._errand = self._ray.remote(**needs)(versions)
        self._seen = self._looked = time.monotonic()
        self._open: dict[Future[Any], Any] = {}
        self.workers = options.workers or max(1, self._room())
        self.slots = 2 * self.workers
        self.dispatch = 0.01

    def start(self) -> None:
        """Wait for a worker, look at its versions, and time empty errands."""
        try:
            found = self._ray.get(self._errand.remote(), timeout=self._wait)
            self.dispatch = fastest(
                lambda: self._ray.get(self._errand.remote(), timeout=self._wait)
            )
        except self._ray.exceptions.GetTimeoutError as error:
            raise EngineError(f"{self._told} {self._none()}") from error
        except self._ray.exceptions.RayError as error:
            reason = str(error).strip().rpartition("\n")[2]
            raise EngineError(f"{self._told} has a worker that cannot train: {reason}") from error
        refuse_other_versions("ray", found)

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue it."""
        future: Future[T] = Future()
        sent = self._task.remote(pack_work(work))
        self._open[future] = sent
        sent.future().add_done_callback(lambda ended: self._settle(ended, work, future))
        return future

    def check(self) -> None:
        """Look now and then whether there is a node with room for a worker."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        if self._room():
            self._seen = now
        elif now - self._seen > self._wait:
            raise EngineError(f"{self._told} {self._none()}")

    def close(self) -> None:
        """Cancel what has not ended; the cluster stays."""
        if not self._ray.is_initialized():
            return
        for sent in list(self._open.values()):
            self._ray.cancel(sent, force=True)
        self._ray.shutdown()

    def _room(self) -> int:
        """How many workers the nodes that are alive hold."""
        nodes = [node["Resources"].get("CPU", 0) for node in self._ray.nodes() if node["Alive"]]
        return sum(int(cpus // self._cpus) for cpus in nodes)

    def _settle(self, ended: Future[bytes], work: Runnable[T], future: Future[T]) -> None:
        self._open.pop(future, None)
        try:
            outcome: T | bytes = ended.result()
        except Exception as error:  # of any kind: Ray's own, or raised over there
            reason = str(error).strip().splitlines() or [repr(error)]
            outcome = work.lost(f"on a Ray worker: {type(error).__name__}: {reason[0]}")
        settle(future, outcome)

    def _none(self) -> str:
        return (
            f"has had no node with {self._cpus} free cores for {self._wait:g} s "
            "(hydra.launcher.start_timeout)"
        )
