"""Sweeps that are interrupted, killed, or not alone lose nothing and do nothing twice."""

from __future__ import annotations

import os
import signal

import pandas as pd
import pytest

import xorlab
from tests.helpers.commands import parents, wait_until
from tests.helpers.recorded import INLINE, comparable, curves_by_key, runs_so_far
from xorlab.tracking.store.opening import open_store

LONG = (
    "-m",
    "seed=range(0,40)",
    "network.hidden=2,3,4,5,6,7,8",
    "optimizer.lr=0.1,0.5",
    "training.epochs=30000",
)


@pytest.mark.slow
def test_ctrl_c_stops_soon_keeps_what_is_complete_and_says_how_to_go_on(
    process, store_file, tmp_path
):
    child = process(*LONG)
    wait_until(lambda: len(runs_so_far()) > 20, child)
    os.killpg(child.pid, signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert "Traceback" not in out + err
    assert "Go on with: xorlab -m 'seed=range(0,40)' " in out
    (parent,) = parents()
    assert parent.info.status == "KILLED"
    runs = xorlab.load_runs()
    assert (runs["status"] == "FINISHED").all()
    assert 20 < len(runs) < 560


@pytest.mark.slow
def test_a_killed_sweep_goes_on_where_it_stopped(process, command, store_file):
    few = ("-m", "seed=range(0,40)", "network.hidden=2,3,4", "training.epochs=8000")
    for _ in range(3):
        child = process(*few, "tracking.experiment=killed")
        have = len(runs_so_far("killed"))
        wait_until(lambda have=have: len(runs_so_far("killed")) > have, child)
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    ended = command(*few, "tracking.experiment=killed")
    assert ended.code == 0
    assert command(*few, "tracking.experiment=whole").code == 0
    killed, whole = (
        xorlab.load_runs(experiment="killed"),
        xorlab.load_runs(experiment="whole"),
    )
    assert killed["key"].is_unique
    pd.testing.assert_frame_equal(comparable(killed), comparable(whole))
    assert curves_by_key(killed) == curves_by_key(whole)
    store = open_store(None, "killed")
    everything = store.client.search_runs([store.experiment_id], max_results=1000)
    assert {run.info.status for run in everything} == {"FINISHED"}


@pytest.mark.slow
def test_a_living_sweep_is_left_alone(process, command, store_file):
    child = process(*LONG)
    wait_until(lambda: len(runs_so_far()) > 20, child)
    assert command("-m", "seed=1,2", "training.epochs=5", "task=and", INLINE).code == 0
    statuses = {parent.info.run_name: parent.info.status for parent in parents()}
    assert statuses["sweep and seed=1, 2"] == "FINISHED"
    assert sorted(statuses.values()) == ["FINISHED", "RUNNING"]
    assert child.poll() is None


@pytest.mark.slow
def test_sweeps_at_once_into_one_new_store_lose_nothing_and_do_nothing_twice(process, tmp_path):
    sweep = ("-m", "seed=range(0,150)", "training.epochs=300")
    children = [process(*sweep), process(*sweep), process(*sweep, "network.hidden=3")]
    ended = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], ended
    runs = xorlab.load_runs()
    assert len(runs) == 300
    assert runs["key"].is_unique
    assert (runs["status"] == "FINISHED").all()
