"""Whether the process of a sweep lives, wherever it runs and whatever its clock says."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from tests.conftest import ROOT
from xorlab.system.clock import now
from xorlab.system.git import provenance
from xorlab.tracking.names import HEARTBEAT_TAG, OWNER_TAG
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.owner import is_alive, this_process
from xorlab.tracking.write import heartbeat
from xorlab.tracking.write.heartbeat import heartbeats
from xorlab.tracking.write.sweep_run import SweepIdentity, close_abandoned, open_parent

MINUTE = 60_000
OWN = "import os; from xorlab.tracking.store.owner import this_process; print(this_process())"


@pytest.fixture
def store(store_file):
    return open_store(None, "xorlab")


@pytest.fixture
def elsewhere(store):
    """A sweep of another machine, whose last heartbeat is so many minutes old by the clock here."""

    def start(minutes: int) -> str:
        identity = SweepIdentity(["k"], {}, "sweep")
        run_id = open_parent(store, identity, provenance(None), reuse=False).run_id
        store.client.set_tag(run_id, OWNER_TAG, "elsewhere:1:1")
        store.client.set_tag(run_id, HEARTBEAT_TAG, str(now() - minutes * MINUTE))
        return run_id

    return start


def test_this_process_lives_and_one_that_has_ended_does_not():
    child = subprocess.run(
        [sys.executable, "-c", OWN], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert is_alive(this_process(), 0, now()) is True
    assert is_alive(child.stdout.strip(), now(), now()) is False
    machine, pid, began = this_process().rsplit(":", 2)
    assert is_alive(f"{machine}:{pid}:{int(began) - 1}", now(), now()) is False


@pytest.mark.skipif(os.geteuid() != 0, reason="a namespace of processes cannot be made")
def test_a_process_of_another_namespace_with_this_host_name_is_not_looked_for_here():
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", OWN]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if child.returncode:
        pytest.skip(child.stderr.strip())
    owner = child.stdout.strip()
    assert owner.split("/")[0] == this_process().split("/")[0]
    assert is_alive(owner, now(), now()) is True


def test_a_heartbeat_is_in_doubt_after_ten_minutes_and_counts_no_more_after_a_day():
    alive = [is_alive("elsewhere:1:1", -age * MINUTE, 0) for age in (-60, 0, 9, 11, 1439, 1441)]
    assert alive == [True, True, True, None, None, False]


def test_a_live_sweep_whose_clock_is_wrong_is_not_marked_killed(store, elsewhere, monkeypatch):
    monkeypatch.setattr(heartbeat, "_WATCH", 2.0)
    monkeypatch.setattr(heartbeat, "_LOOK", 0.05)
    living, dead = elsewhere(11), elsewhere(11)
    skewed = str(now() - 11 * MINUTE + 1)
    threading.Timer(0.3, store.client.set_tag, [living, HEARTBEAT_TAG, skewed]).start()
    lines: list[str] = []
    assert close_abandoned(store, lines.append) == 1
    assert store.client.get_run(living).info.status == "RUNNING"
    assert store.client.get_run(dead).info.status == "KILLED"
    assert "2 of the sweeps here were started on other machines" in lines[0]


def test_a_sweep_that_is_beyond_doubt_gone_costs_no_wait(store, elsewhere):
    gone = elsewhere(60 * 25)
    began = time.monotonic()
    assert close_abandoned(store) == 1
    assert store.client.get_run(gone).info.status == "KILLED"
    assert time.monotonic() - began < 5


def test_heartbeats_come_while_this_thread_is_busy_and_end_with_the_block(
    store, elsewhere, monkeypatch
):
    monkeypatch.setattr(heartbeat, "_BEAT", 0.02)
    run_id = elsewhere(60)

    def last() -> int:
        return int(store.client.get_run(run_id).data.tags[HEARTBEAT_TAG])

    with heartbeats(store, run_id):
        deadline = time.monotonic() + 20
        while last() < now() - MINUTE and time.monotonic() < deadline:
            sum(range(10_000))
    assert last() > now() - MINUTE
    time.sleep(0.2)
    before = last()
    time.sleep(0.1)
    assert last() == before
