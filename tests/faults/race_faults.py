"""Two sweeps that record the same runs at the same instant, through one server."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.faults.fault import Fault, Outcome
from tests.faults.server_faults import with_shared
from tests.faults.server_sweeps import SWEEP, again, outcome, places
from tests.helpers.proxies import CUT, CUT_AFTER, PASS, Proxy, Rule, proxied

TOLD = r"^6 runs in .* s: "
MOST_REQUESTS = 45  # from the first run that both record on


class Meeting:
    """A point that each of two waits at for the other, for a while."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)

    def wait(self) -> None:
        try:
            self._barrier.wait(0.7)
        except threading.BrokenBarrierError:  # the other one has left that run out, or is gone
            self._barrier.reset()


def in_step(meeting: Meeting, rng: Random, fault: Callable[[int], str]) -> Rule:
    """Before making a run each waits for the other: then both have looked, and found it missing.

    Args:
        meeting: of the two.
        rng: draws how long each request takes.
        fault: what becomes of a request, by its number after the first meeting.
    """
    made, requests = 0, 0

    def rule(number: int, method: str, path: str) -> str:
        nonlocal made, requests
        made += path.endswith("runs/create")
        if made < 2:  # the first is the parent of the sweep
            return PASS
        if path.endswith("runs/create"):
            meeting.wait()
        time.sleep(rng.choice([0, 0, 0, 0.02, 0.1, 0.3]))
        requests += 1
        return fault(requests)

    return rule


def at_once(killed: bool, server: str, folder: Path, rng: Random) -> Outcome:
    """Both to their end, or one of them killed on the way and started again."""
    experiment, meeting, printed = uuid.uuid4().hex, Meeting(), ""
    moment = rng.randrange(1, MOST_REQUESTS) if killed else -1
    kind = rng.choice([CUT, CUT_AFTER])
    with contextlib.ExitStack() as stack:
        proxies = [stack.enter_context(proxied(server)) for _ in range(2)]
        children: list[subprocess.Popen[str]] = []

        def kill(request: int) -> str:
            if request == moment:
                children[0].send_signal(signal.SIGKILL)
            return kind if request == moment else PASS

        for proxy, fault in zip(proxies, (kill, lambda request: PASS), strict=True):
            proxy.rule = in_step(meeting, Random(rng.random()), fault)
            children.append(started(proxy, experiment, folder / str(len(children))))
        for child in children:
            printed += child.communicate()[0]
        codes = [child.returncode for child in children]
        assert codes[1] == 0, printed
        assert codes[0] in ((-signal.SIGKILL, 0) if killed else (0,)), printed
        for proxy in proxies:
            proxy.idle()
            proxy.rule = lambda number, method, path: PASS
        if codes[0]:
            again(*SWEEP, *places(proxies[0], experiment, folder))
    return outcome(server, experiment, printed, starts=2, hint=TOLD, killed=killed)


def started(proxy: Proxy, experiment: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "xorlab", *SWEEP, *places(proxy, experiment, folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def both(server: str, folder: Path, rng: Random) -> Outcome:
    return at_once(False, server, folder, rng)


def one_killed(server: str, folder: Path, rng: Random) -> Outcome:
    return at_once(True, server, folder, rng)


FAULTS: list[Fault] = [
    Fault("two sweeps record the same runs", with_shared(both), 6),
    Fault("one of two such sweeps is killed", with_shared(one_killed), 6),
]
