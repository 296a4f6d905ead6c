"""A sweep that is started again trains what is missing, and nothing else."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import xorlab
from tests.helpers.commands import parents
from tests.helpers.recorded import INLINE, SMALL
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.write.view import VIEW_TAG, runs_filter


def searches() -> list[str]:
    """What the addresses search for that sweeps print for MLflow's UI."""
    store = open_store(None, "xorlab")
    tags = store.through_mlflow.client.get_experiment(store.experiment_id).tags
    views = (text for name, text in tags.items() if name.startswith(VIEW_TAG))
    return [json.loads(view)["searchFilter"] for view in views]


def test_the_same_sweep_again_skips_what_is_finished(command, store_file):
    command(*SMALL)
    before = xorlab.load_runs()
    ended = command(*SMALL)
    assert "24 skipped" in ended.out
    pd.testing.assert_frame_equal(xorlab.load_runs(), before)
    (parent,) = parents()
    (search,) = searches()
    assert parent.info.run_id in search


def test_a_run_that_was_trained_alone_is_not_trained_again(command, store_file):
    command("seed=3", "training.epochs=50")
    command("seed=3", "training.epochs=40", "optimizer.lr=0.5")
    ended = command("-m", "seed=range(0,5)", "training.epochs=50", INLINE)
    assert ended.code == 0
    assert "1 skipped" in ended.out
    (search,) = searches()
    assert sorted(xorlab.load_runs(filter=search)["seed"]) == [0, 1, 2, 3, 4]
    shared = {"training.epochs": "50", "optimizer.lr": "0.1", "task": "xor"}
    search = runs_filter("", ["many"] * 1000, shared)
    assert sorted(xorlab.load_runs(filter=search)["seed"]) == [0, 1, 2, 3, 4]
    # Runs of another trainer, or of an earlier version of it, may have the same params.
    search = runs_filter("", ["many"] * 1000, shared, "walk 2")
    assert search.startswith("tags.`xorlab.trainer` = 'walk 2' AND params.`training.epochs` = '50'")
    with pytest.warns(UserWarning, match="none of the 6 runs"):
        assert xorlab.load_runs(filter=search).empty


def test_a_widened_sweep_only_adds_what_is_new(command, store_file):
    command("-m", "seed=range(0,4)", "training.epochs=50")
    ended = command("-m", "seed=range(0,6)", "optimizer.lr=0.1,0.5", "training.epochs=50")
    assert "12 runs" in ended.out
    assert "4 skipped" in ended.out
    assert len(xorlab.load_runs()) == 12
    (wide,) = (parent for parent in parents() if "optimizer.lr" in parent.data.params)
    assert len(xorlab.load_runs(sweep=wide.info.run_id)) == 12


def test_existing_runs_can_be_run_again(command, store_file):
    command("-m", "seed=1,2", "training.epochs=9")
    command("-m", "seed=1,2", "training.epochs=9", "tracking.existing=rerun")
    runs = xorlab.load_runs()
    assert len(runs) == 4
    assert runs["key"].nunique() == 2
