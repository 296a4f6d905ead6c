"""Tracking servers that go away: a real one behind a proxy, and a real one killed and restarted."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from random import Random
from unittest.mock import patch

from tests.faults.fault import Fault, Outcome
from tests.faults.server_sweeps import (
    SWEEP,
    again,
    deliverer,
    outcome,
    places,
    recover,
    run,
    started,
    went_away,
)
from tests.helpers.proxies import (
    CUT,
    CUT_AFTER,
    ERROR,
    HOUR,
    LATE,
    LATE_AFTER,
    PASS,
    TRICKLE,
    Proxy,
    proxied,
)
from tests.helpers.servers import serving_store

REQUESTS = 84  # that such a sweep makes
BEFORE_TRAINING = 10  # requests
# So that an injection takes a second where a user would wait for a minute. A server that answers
# has the time for it: it may share two cores with much else.
HURRY = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
IMPATIENT = HURRY | {"MLFLOW_HTTP_REQUEST_TIMEOUT": "1"}  # where the answers themselves are slow
# Sets a proxy up to go wrong at a moment; what it returns ends that.
Injection = Callable[[Proxy, Random], Callable[[], None]]


def failing(kinds: tuple[str, ...], proxy: Proxy, rng: Random) -> Callable[[], None]:
    """From one request on, for a few of them or until it is repaired."""
    first = rng.randrange(REQUESTS)
    last = first + rng.choice([0, 1, 2, 5, 10, REQUESTS])
    kind = rng.choice(kinds)
    proxy.rule = lambda number, method, path: kind if first <= number <= last else PASS

    def repair() -> None:
        proxy.rule = lambda number, method, path: PASS

    return repair


def refusing(proxy: Proxy, rng: Random) -> Callable[[], None]:
    """The port is closed, and open again after a while or when it is repaired."""
    first, seconds = rng.randrange(REQUESTS), rng.choice([0.3, 1.0, 2.0, None])
    timers: list[threading.Timer] = []

    def rule(number: int, method: str, path: str) -> str:
        if number != first:
            return PASS
        proxy.refuse()
        if seconds is not None:
            timers.append(threading.Timer(seconds, proxy.accept))
            timers[0].start()
        return CUT

    def repair() -> None:
        for timer in timers:
            timer.join()
        proxy.rule = lambda number, method, path: PASS
        proxy.accept()

    proxy.rule = rule
    return repair


def swept_through(injection: Injection, server: str, folder: Path, rng: Random) -> Outcome:
    """A sweep through a proxy that goes wrong, and then what its message asks for."""
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy:
        there = places(proxy, experiment, folder)
        repair = injection(proxy, rng)
        with patch.dict(os.environ, HURRY):
            code, printed = started(*SWEEP, *there)
        repair()
        proxy.idle()
        if code:
            recover(folder, printed, *SWEEP, *there)
    return outcome(server, experiment, printed if code else went_away(printed))


def delayed(kinds: tuple[str, ...], server: str, folder: Path, rng: Random) -> Outcome:
    """As `swept_through`; what arrives later than the sweep's end the next start puts in order."""
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy:
        there = places(proxy, experiment, folder)
        repair = failing(kinds, proxy, rng)
        with patch.dict(os.environ, IMPATIENT):
            code, printed = started(*SWEEP, *there)
        repair()
        proxy.idle()
        if code:
            recover(folder, printed, *SWEEP, *there)
        again(*SWEEP, *there)
    return outcome(server, experiment, printed if code else went_away(printed))


def filled(proxy: Proxy, experiment: str, folder: Path, rng: Random) -> str:
    """A sweep whose server goes away after training began; returns what it printed."""
    first = rng.randrange(BEFORE_TRAINING + 1, REQUESTS - 30)
    proxy.rule = lambda number, method, path: PASS if number < first else ERROR
    with patch.dict(os.environ, HURRY):
        code, printed = run(*SWEEP, *places(proxy, experiment, folder))
    proxy.rule = lambda number, method, path: PASS
    assert code == 1, printed
    assert list((folder / "outbox").glob("*.run")), printed
    return printed


def delivered_twice_at_once(server: str, folder: Path, rng: Random) -> Outcome:
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy:
        printed = filled(proxy, experiment, folder, rng)
        deliverers = [deliverer(folder) for _ in range(2)]
        codes = [child.wait() for child in deliverers]
    assert codes == [0, 0]
    return outcome(server, experiment, printed)


def delivery_killed(server: str, folder: Path, rng: Random) -> Outcome:
    """SIGKILL at a request of the deliverer's, which the server then answers or does not see."""
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy:
        printed = filled(proxy, experiment, folder, rng)
        moment, kind = len(proxy.seen) + rng.randrange(2, 25), rng.choice([CUT, CUT_AFTER])
        started: list[subprocess.Popen[bytes]] = []

        def rule(number: int, method: str, path: str) -> str:
            if number == moment:
                started[0].send_signal(signal.SIGKILL)
            return kind if number == moment else PASS

        proxy.rule = rule
        started.append(deliverer(folder))
        started[0].wait()
        proxy.idle()
        recover(folder, printed)
    return outcome(server, experiment, printed)


class Restartable:
    """A server that can be killed, and comes back with its database on its port."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder, self.database = folder, database
        self._stack = contextlib.ExitStack()
        self.address = self._stack.enter_context(serving_store(folder, database))

    def kill(self) -> None:
        self._stack.close()

    def start(self) -> None:
        port = int(self.address.rpartition(":")[2])
        self._stack.enter_context(serving_store(self.folder, self.database, port))


def restarted(server: Restartable, folder: Path, rng: Random) -> Outcome:
    """Killed with SIGKILL at one request, and started again at once."""
    experiment = uuid.uuid4().hex
    first = rng.randrange(BEFORE_TRAINING, REQUESTS)
    starting = threading.Thread(target=server.start)
    with proxied(server.address) as proxy:

        def rule(number: int, method: str, path: str) -> str:
            if number == first:
                server.kill()
                starting.start()
            return PASS

        proxy.rule = rule
        there = places(proxy, experiment, folder)
        with patch.dict(os.environ, HURRY):
            code, printed = started(*SWEEP, *there)
        starting.join()
        proxy.idle()
        if code:
            recover(folder, printed, *SWEEP, *there)
    return outcome(server.address, experiment, printed if code else went_away(printed))


@cache
def shared() -> str:
    """The address of a server for all faults that leave it alone; it ends with this process."""
    return _kept(serving_store)


def _kept(serving) -> str:
    folder = Path(tempfile.mkdtemp(prefix="xorlab-server-"))
    stack = contextlib.ExitStack()
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(stack.close)
    return stack.enter_context(serving(folder, folder / "mlflow.db"))


@contextlib.contextmanager
def restartable(folder: Path, database: Path) -> Iterator[Restartable]:
    """Within: a server of this database alone."""
    server = Restartable(folder, database)
    try:
        yield server
    finally:
        server.kill()


def with_shared(scenario: Callable[[str, Path, Random], Outcome]):
    return lambda folder, rng: scenario(shared(), folder, rng)


def with_own(folder: Path, rng: Random) -> Outcome:
    (folder / "server").mkdir(parents=True)
    with restartable(folder / "server", folder / "server" / "mlflow.db") as server:
        return restarted(server, folder, rng)


# By name: what goes wrong, on which server, and how often the table has it.
SCENARIOS: dict[str, tuple[Callable[[str, Path, Random], Outcome], int]] = {
    "server refuses connections": (partial(swept_through, refusing), 12),
    "server answers 500": (partial(swept_through, partial(failing, (ERROR,))), 12),
    "server asks to wait for an hour": (partial(swept_through, partial(failing, (HOUR,))), 3),
    "answers come byte by byte": (partial(delayed, (TRICKLE,)), 2),
    "server is slow": (partial(delayed, (LATE, LATE_AFTER)), 6),
    "connection cut before the work": (partial(swept_through, partial(failing, (CUT,))), 8),
    "connection cut after the work": (partial(swept_through, partial(failing, (CUT_AFTER,))), 12),
    "two deliver at once": (delivered_twice_at_once, 4),
    "delivery killed": (delivery_killed, 6),
}
FAULTS: list[Fault] = [
    *(Fault(name, with_shared(scenario), times) for name, (scenario, times) in SCENARIOS.items()),
    Fault("server killed and restarted", with_own, 4),
]
