"""What cluster engines share: they wait for workers, watch the cluster, and time a round trip."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.wire import from_npz
from xorlab.engines.work import Runnable, ShardGroup, WorkerDeathError
from xorlab.engines.worker import REFUSAL, versions
from xorlab.errors import EngineError
from xorlab.system.environment import PARTS

T = TypeVar("T")

TRIES = 2  # how often a shard is started where its worker is killed
# All in seconds:
WATCH_INTERVAL = 2.0  # between two looks at the cluster
SHUTDOWN_WAIT = 2.0  # for what should end without being stopped
_ANSWER_WAIT = 300.0  # without any answer from the cluster
_CHECK_INTERVAL = 0.5  # between checks of what the watching thread has found
_QUIET_WAIT = 5.0  # for the first worker, before a message says that the sweep waits


@dataclass(frozen=True)
class Probe(ShardGroup):
    """An empty job that measures whether a worker answers, and how fast."""

    works: tuple[()] = ()


class Engine:
    """Sends shards to a cluster; see `xorlab.engines.local.Executor`.

    A subclass defines how to submit a shard, how to see whether there are workers, and how to
    close the connection. A separate thread polls the cluster: a cluster that hangs must not keep a
    sweep from recording the results that it has, or from being stopped.

    Args:
        options: the options of the launcher.
        where: the cluster, for messages.

    Attributes:
        name: the engine and its cluster, as messages begin.
        shortage: what is missing where no worker can be had, for messages.
    """

    workers: int
    slots: int
    dispatch = 0.0
    shortage = "no worker"

    def __init__(self, options: LauncherConfig, where: str) -> None:
        self._wait = options.wait
        self.name = f"hydra.launcher.engine={options.engine}: {where}"
        self._last_answer = self._last_worker = time.monotonic()
        self._fault: str | None = None
        self._closed = threading.Event()
        self._watching = threading.Thread(
            target=self._watch, name=f"xorlab-{options.engine}", daemon=True
        )

    def start(self) -> None:
        """Wait for a worker, and time a round trip to it.

        Raises:
            EngineError: no worker came in time, or it cannot train.
        """
        if self.dispatch:
            return
        self._watching.start()
        self._probe(_QUIET_WAIT)
        self.dispatch = _fastest(self._probe)

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue a shard."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise what the watching thread has found.

        Raises:
            EngineError: the cluster is gone, or all of its workers.
        """
        if self._fault is not None:
            raise EngineError(self._fault)
        if time.monotonic() - self._last_answer > _ANSWER_WAIT:
            raise EngineError(f"{self.name} has not answered for {_ANSWER_WAIT:g} s")

    def has_workers(self) -> bool | None:
        """Whether there is a worker, or room for one; None if the cluster did not answer.

        Raises:
            EngineError: the cluster is gone.
        """
        raise NotImplementedError

    def shortage_details(self) -> str:
        """More about the shortage, for messages."""
        return ""

    def resolve(self, future: Future[T], result: bytes | WorkerDeathError) -> None:
        """Give a future its result, once: a cluster may run a shard twice."""
        self._last_answer = time.monotonic()
        if future.done():
            return
        if isinstance(result, WorkerDeathError):
            future.set_exception(result)
            return
        try:
            future.set_result(self._unpacked(result))
        except EngineError as error:
            future.set_exception(error)
        except Exception as error:  # bytes that are not a complete result
            message = f"{self.name} has a worker that sent what cannot be read: {error!r}"
            future.set_exception(EngineError(message))

    def _unpacked(self, result: bytes) -> Any:
        """What a worker has sent.

        Raises:
            EngineError: the worker has other versions, and so has refused to train.
        """
        if not result.startswith(REFUSAL):
            return from_npz(result)
        there, here = json.loads(result), versions()
        different = ", ".join(
            f"{PARTS[part]} {there.get(part)} (here {here[part]})"
            for part in here
            if there.get(part) != here[part]
        )
        raise EngineError(
            f"{self.name} has a worker with {different}: "
            "the same versions are needed for the same bits"
        )

    def _probe(self, quiet: float | None = None) -> None:
        """One round trip; where it takes longer than ``quiet`` seconds, print a message."""
        began = time.monotonic()
        future = self.submit(Probe())
        while not wait([future], timeout=_CHECK_INTERVAL).done:
            self.check()
            passed = time.monotonic() - began
            if passed > self._wait:
                raise EngineError(self._shortage_message())
            if quiet is not None and passed > quiet:
                quiet = None
                timeout = f"hydra.launcher.start_timeout={self._wait:g}"
                sys.stdout.write(
                    f"{self.name} has {self.shortage}{self.shortage_details()}; "
                    f"waiting ({timeout})\n"
                )
                sys.stdout.flush()
        try:
            future.result()
        except WorkerDeathError as error:
            raise EngineError(f"{self.name} has a worker that cannot train: {error}") from error

    def _watch(self) -> None:
        self._last_worker = time.monotonic()
        while not self._closed.is_set():
            try:
                has_workers = self.has_workers()
            except Exception as error:  # `check` raises it in the main thread
                known = isinstance(error, EngineError)
                self._fault = str(error) if known else f"{self.name}: {error!r}"
                return
            now = time.monotonic()
            if has_workers is not None:
                self._last_answer = now
            if has_workers:
                self._last_worker = now
            elif has_workers is not None and now - self._last_worker > self._wait:
                self._fault = self._shortage_message()
                return
            self._closed.wait(WATCH_INTERVAL)

    def _shortage_message(self) -> str:
        waited = f"{self._wait:g} s (hydra.launcher.start_timeout)"
        return f"{self.name} has had {self.shortage} for {waited}{self.shortage_details()}"

    def _stop_watching(self) -> bool:
        """Whether the watching thread has ended; it may be waiting for a cluster that hangs."""
        self._closed.set()
        if self._watching.is_alive():
            self._watching.join(SHUTDOWN_WAIT)
        return not self._watching.is_alive()


def _fastest(call: Callable[[], object]) -> float:
    """The shortest of three times, in seconds: what a round trip costs an idle cluster."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
