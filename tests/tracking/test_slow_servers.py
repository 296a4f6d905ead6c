"""Slow servers: each call has a time limit, and can be interrupted."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

import xorlab
from tests.helpers.away import OUTBOX, goes_away_at, is_back, there
from tests.helpers.proxies import HOUR, LATE, NEXT_PAGE, PASS, SAME_PAGE, TRICKLE
from xorlab.commands.outbox import main as deliver
from xorlab.system.deadline import within
from xorlab.tracking.store import server as server_module
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.server import ServerAwayError

SWEEP = ("-m", "seed=1,2", "training.epochs=20", "hydra.launcher.executor=inline")


@pytest.fixture
def hurried(proxy, monkeypatch):
    """The proxy, and a client that waits two seconds at most."""
    monkeypatch.setattr(server_module, "_MORE", 0.0)
    monkeypatch.setattr(server_module, "_MORE_FOR_FILES", 0.0)
    monkeypatch.setattr(server_module, "_ASKING", 1.0)
    return proxy


@pytest.mark.parametrize(
    ("fault", "reason"), [(HOUR, "it answers 503"), (TRICKLE, "it took too long")]
)
def test_a_call_has_a_total_time(fault, reason, hurried):
    client = open_store(hurried.address, "slow").client
    hurried.rule = lambda number, method, path: fault
    began = time.monotonic()
    with pytest.raises(ServerAwayError, match=reason):
        client.get_experiment("0")
    assert not client.answers(now=True)
    assert time.monotonic() - began < 30  # an hour, and 40 s, without a limit
    is_back(hurried)
    assert client.answers(now=True)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [HOUR, TRICKLE])
def test_in_the_middle_of_a_sweep_such_a_server_is_away(fault, hurried, server, command, capfd):
    goes_away_at(hurried, "runs/create", 2, fault)
    ended = command(*SWEEP, *there(hurried, f"slow {fault}"))
    assert ended.code == 1
    assert f"2 results are safe in {OUTBOX.absolute()}, not delivered" in ended.err
    is_back(hurried)
    assert deliver(["--uri", hurried.address]) == 0
    assert len(xorlab.load_runs(server, f"slow {fault}")) == 2


@pytest.mark.parametrize(
    ("fault", "reason"), [(SAME_PAGE, "it names the same page again"), (NEXT_PAGE, "empty pages")]
)
def test_a_list_without_an_end_is_left(fault, reason, hurried, command):
    hurried.rule = lambda number, method, path: fault if path.endswith("runs/search") else PASS
    ended = command(*SWEEP, *there(hurried, f"pages {fault}"))
    assert ended.code == 1
    assert reason in ended.err
    assert ended.err.count("\n") == 1


def test_an_interrupt_ends_a_wait(hurried, monkeypatch):
    monkeypatch.setattr(server_module, "_MORE", 600.0)
    client = open_store(hurried.address, "slow").client
    hurried.rule = lambda number, method, path: TRICKLE
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        client.get_experiment("0")
    assert time.monotonic() - began < 20


def test_after_an_interrupt_all_calls_together_take_a_moment(hurried, monkeypatch):
    monkeypatch.setattr(server_module, "_MORE", 600.0)
    client = open_store(hurried.address, "slow").client
    hurried.delay, hurried.rule = 30.0, lambda number, method, path: LATE
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        client.get_experiment("0")
    began = time.monotonic()
    for _ in range(5):
        with pytest.raises(ServerAwayError):
            client.get_experiment("0")
    assert time.monotonic() - began < 3


def test_after_an_interrupt_a_server_that_answers_is_used(proxy):
    client = open_store(proxy.address, "quick").client
    proxy.delay, proxy.rule = 2.0, lambda number, method, path: LATE
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        client.get_experiment("0")
    proxy.rule = lambda number, method, path: PASS
    assert client.get_experiment("0").name == "Default"


def test_what_is_done_in_time_comes_back_and_so_does_what_is_raised():
    assert within(60, lambda: 7) == 7
    assert within(60, lambda: None) is None
    with pytest.raises(ValueError, match="seven"):
        within(60, lambda: int("seven"))
    with pytest.raises(TimeoutError):
        within(0.01, lambda: time.sleep(0.5))
