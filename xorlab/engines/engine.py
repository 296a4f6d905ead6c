"""What all clusters have in common: somebody to wait for, to watch, and to measure."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from xorlab.engines.options import Options
from xorlab.engines.wire import from_npz
from xorlab.engines.work import Runnable, ShardGroup
from xorlab.engines.worker import REFUSAL, versions
from xorlab.errors import EngineError
from xorlab.networks.shard_result import Failure, ShardResult, failed
from xorlab.system.environment import PARTS

T = TypeVar("T")

TRIES = 2  # how often a shard is begun, where its worker is killed
LOOK = 2.0  # seconds between looks at the cluster
PARTING = 2.0  # seconds for what ends by itself
_DEAF = 300.0  # seconds without a sign of life
_TURN = 0.5  # seconds between looks at what the watch has found
_SILENT = 5.0  # seconds to wait for a worker before that is told


@dataclass(frozen=True)
class Probe(ShardGroup):
    """No work: it goes the way of work, to see that there is one, and what it costs."""

    works: tuple[()] = ()

    def on_worker_death(self, reason: str) -> list[ShardResult]:
        """Not even that went well."""
        return [failed(1, reason)]


class Engine:
    """Hands shards to a cluster; see `xorlab.engines.local.Executor`.

    Each kind of cluster says how something is submitted, how one looks whether there are workers,
    and how it is left. The looking is done in a thread of its own: a cluster that hangs must not
    keep a sweep from recording what it has, or from being stopped.

    Args:
        options: what is asked of it.
        where: the cluster, in words.
    """

    workers: int
    slots: int
    dispatch = 0.0
    lack = "no worker"  # in words, where there is nobody

    def __init__(self, options: Options, where: str) -> None:
        self._wait = options.wait
        self._told = f"hydra.launcher.engine={options.engine}: {where}"
        self._heard = self._seen = time.monotonic()
        self._fault: str | None = None
        self._closed = threading.Event()
        self._watching = threading.Thread(
            target=self._watch, name=f"xorlab-{options.engine}", daemon=True
        )

    def start(self) -> None:
        """Wait for a worker, and time empty errands to it.

        Raises:
            EngineError: there is none in time, or it cannot train.
        """
        if self.dispatch:
            return
        self._watching.start()
        self._probe(_SILENT)
        self.dispatch = _fastest(self._probe)

    def submit(self, work: Runnable[T]) -> Future[T]:
        """Queue it."""
        raise NotImplementedError

    def check(self) -> None:
        """Tell what the watch has found.

        Raises:
            EngineError: the cluster is gone, or all of its workers.
        """
        if self._fault is not None:
            raise EngineError(self._fault)
        if time.monotonic() - self._heard > _DEAF:
            raise EngineError(f"{self._told} has not answered for {_DEAF:g} s")

    def look(self) -> bool | None:
        """Whether there is a worker, or room for one; None without an answer.

        Raises:
            EngineError: the cluster is gone.
        """
        raise NotImplementedError

    def why(self) -> str:
        """More about why there is nobody."""
        return ""

    def resolve(self, future: Future[T], outcome: T | bytes) -> None:
        """Give a future its outcome, once: a cluster may run a shard twice."""
        self._heard = time.monotonic()
        if future.done():
            return
        try:
            future.set_result(self._opened(outcome) if isinstance(outcome, bytes) else outcome)
        except EngineError as error:
            future.set_exception(error)
        except Exception as error:  # not whole
            told = f"{self._told} has a worker that sent what cannot be read: {error!r}"
            future.set_exception(EngineError(told))

    def _opened(self, outcome: bytes) -> Any:
        """What a worker has sent.

        Raises:
            EngineError: it has other versions, and so has trained nothing.
        """
        if not outcome.startswith(REFUSAL):
            return from_npz(outcome)
        there, here = json.loads(outcome), versions()
        other = [name for name in here if there.get(name) != here[name]]
        told = ", ".join(f"{PARTS[name]} {there.get(name)} (here {here[name]})" for name in other)
        raise EngineError(
            f"{self._told} has a worker with {told}: the same versions are needed for the same bits"
        )

    def _probe(self, silent: float | None = None) -> None:
        """There and back; told on standard output where it takes longer than so many seconds."""
        began = time.monotonic()
        future = self.submit(Probe())
        while not wait([future], timeout=_TURN).done:
            self.check()
            passed = time.monotonic() - began
            if passed > self._wait:
                raise EngineError(self._nobody())
            if silent is not None and passed > silent:
                silent = None
                patience = f"hydra.launcher.start_timeout={self._wait:g}"
                sys.stdout.write(
                    f"{self._told} has {self.lack}{self.why()}; waiting ({patience})\n"
                )
                sys.stdout.flush()
        for done in future.result():
            failure = Failure(done.failures[0])
            raise EngineError(f"{self._told} has a worker that cannot train: {failure.reason}")

    def _watch(self) -> None:
        self._seen = time.monotonic()
        while not self._closed.is_set():
            try:
                there = self.look()
            except Exception as error:  # in a thread there is nobody else to tell
                told = isinstance(error, EngineError)
                self._fault = str(error) if told else f"{self._told}: {error!r}"
                return
            now = time.monotonic()
            if there is not None:
                self._heard = now
            if there:
                self._seen = now
            elif there is not None and now - self._seen > self._wait:
                self._fault = self._nobody()
                return
            self._closed.wait(LOOK)

    def _nobody(self) -> str:
        patience = f"{self._wait:g} s (hydra.launcher.start_timeout)"
        return f"{self._told} has had {self.lack} for {patience}{self.why()}"

    def _stop_watching(self) -> bool:
        """Whether the watch has ended; it waits for a cluster that hangs."""
        self._closed.set()
        if self._watching.is_alive():
            self._watching.join(PARTING)
        return not self._watching.is_alive()


def _fastest(errand: Callable[[], object]) -> float:
    """Seconds of the fastest of three: what handing over costs where nobody is in the way."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        errand()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
