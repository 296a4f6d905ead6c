"""Adaptive seeds: more where the success rate is not known yet, none where it is."""

from __future__ import annotations

import re

import pytest

import xorlab
from tests.helpers.commands import Recorded, parents, record
from tests.helpers.recorded import INLINE
from xorlab.analysis.statistics.sequential import confidence_sequence
from xorlab.commands.report import main as report

# Hopeless, doubtful and easy: lr for the default network in few epochs.
RATES = ("network.hidden=2", "optimizer.lr=0.001,3", "training.epochs=600")
SWEEP = ("-m", "hydra/sweeper=precision", *RATES, "hydra.sweeper.half_width=0.1", INLINE)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, empty_store) -> Recorded:
    """What the sweep leaves and prints."""
    return record(tmp_path_factory.mktemp("sweep"), empty_store, *SWEEP)


def test_seeds_go_where_they_are_needed(recorded, tmp_path):
    recorded.copy_to(tmp_path)
    table = xorlab.convergence(xorlab.load_runs(), by=["optimizer.lr"]).set_index("optimizer.lr")
    assert table.loc[0.001, "solved"] == 0
    assert table.loc[0.001, "n"] < table.loc[3.0, "n"] < 1000
    for row in table.itertuples():
        low, high = confidence_sequence(row.solved, row.n, 0.95)
        assert (high - low) / 2 <= 0.1
        # The table has the interval by which the sweep stopped, not one for a fixed number.
        assert f"{100 * low:.0f}-{100 * high:.0f} %" in recorded.out
        # It stopped in time: three quarters of the seeds would not have done.
        low, high = confidence_sequence(round(0.7 * row.solved), round(0.7 * row.n), 0.95)
        assert (high - low) / 2 > 0.1 or row.n <= 40
    assert "2 of 2 settings known well enough" in recorded.out


@pytest.mark.slow
def test_why_it_stopped_is_recorded_under_one_parent(command, store_file):
    ended = command(*SWEEP, "hydra.sweeper.max_seeds=45")
    assert ended.code == 0
    runs = xorlab.load_runs()
    assert sorted(runs[runs["optimizer.lr"] == 3]["seed"]) == list(range(45))
    (parent,) = parents()
    assert parent.data.params["precision.half_width"] == "0.1"
    assert parent.data.params["precision.max_seeds"] == "45"
    note = parent.data.tags["mlflow.note.content"]
    assert re.search(
        r"optimizer\.lr=0\.001 .*stopped because the interval is at most 20 points", note
    )
    assert re.search(r"optimizer\.lr=3 .*stopped because it has max_seeds=45", note)
    assert parent.data.metrics["runs"] == len(runs)
    # A report that is made anew says it too, and why runs failed, once, however often it is made.
    for _ in range(2):
        assert report(["latest"]) == 0
        (again,) = parents()
        notes = again.data.tags["mlflow.note.content"].rpartition("\n\n")[2].splitlines()
        assert notes == note.rpartition("\n\n")[2].splitlines()
        assert again.data.tags["mlflow.note.content"].count(" runs were not solved: ") == 1


@pytest.mark.slow
def test_started_again_it_trains_nothing_and_with_a_closer_target_only_what_is_missing(
    command, recorded, tmp_path
):
    recorded.copy_to(tmp_path)
    before = xorlab.load_runs()
    ended = command(*SWEEP)
    assert f"{len(before)} skipped" in ended.out
    assert len(xorlab.load_runs()) == len(before)
    assert len(parents()) == 1
    assert command(*SWEEP, "hydra.sweeper.half_width=0.08").code == 0
    after = xorlab.load_runs()
    assert len(after) > len(before)
    assert after["key"].is_unique
    assert len(parents()) == 2


def test_a_study_lends_its_settings_not_its_seeds(command, store_file):
    ended = command(
        "-m",
        "hydra/sweeper=precision",
        "+study=first",
        "training.epochs=20",
        INLINE,
        "hydra.sweeper.max_seeds=4",
        "hydra.sweeper.first_round=2",
        "hydra.sweeper.first_seed=100",
    )
    assert ended.code == 0
    runs = xorlab.load_runs(experiment="first")
    assert len(runs) == 9 * 4
    assert set(runs["seed"]) == {100, 101, 102, 103}


def test_a_plan_is_of_the_first_round_and_does_nothing(command, tmp_path):
    ended = command(*SWEEP, "plan=true")
    assert ended.code == 0
    assert re.search(r"jobs\s+40", ended.out)
    assert "first_round=20 seeds of each setting" in ended.out
    assert "at most max_seeds=1000 of each: at most 2,000 runs" in ended.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("hydra.sweeper.half_width=x", "hydra.sweeper.half_width=x: must be a number"),
        ("seed=1,2", "seed: hydra/sweeper=precision chooses the seeds"),
        ("hydra.sweeper.half_width=0.7", "hydra.sweeper.half_width=0.7: must be a number above 0"),
        ("hydra.sweeper.half_width=wide", "half_width"),
        ("hydra.sweeper.confidence=95", "hydra.sweeper.confidence=95.0: must be a number above 0"),
        ("hydra.sweeper.max_seeds=0", "hydra.sweeper.max_seeds=0: must be an integer from 1"),
        ("hydra.sweeper.first_round=5000", "first_round=5000: must be an integer from 1 to 1000"),
        ("hydra.sweeper.first_seed=-1", "hydra.sweeper.first_seed=-1: must be an integer from 0"),
        ("hydra/launcher=basic", "needs hydra/launcher=vectorized"),
        ("optimizer.lr=-1", "optimizer.lr=-1.0: must be"),
    ],
)
def test_wrong_usage_is_refused_before_anything_starts(option, message, command, tmp_path):
    options = [o for o in SWEEP if not (option.startswith("hydra/launcher") and o == INLINE)]
    ended = command(*options, option)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert list(tmp_path.iterdir()) == []
