"""Runs of one seed: they count as one, and it is said by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import xorlab
from tests.helpers.samples import table
from xorlab.analysis.statistics.clusters import clusters_of
from xorlab.analysis.statistics.repeats import RepeatedSeedsWarning

HIDDEN = ["network.hidden"]
ENDS = ["rate", "ert", "rmst", "ert_cutoff"]


def pooled(seeds: int, copies: int) -> pd.DataFrame:
    """Runs that end alike at every learning rate: the worst case of dependence."""
    generator = np.random.default_rng(0)
    epochs = [int(e) if e < 30 else None for e in generator.integers(1, 40, seeds)]
    return table(dict.fromkeys(range(copies), epochs), **{"network.hidden": 2})


def test_three_equal_runs_of_a_seed_say_no_more_than_one():
    one = xorlab.convergence(pooled(40, 1), by=HIDDEN).iloc[0]
    three = xorlab.convergence(pooled(40, 3), by=HIDDEN, cluster="seed").iloc[0]
    assert (one["n"], three["n"]) == (40, 120)
    for name in ENDS:
        assert three[name] == pytest.approx(one[name])
        assert three[f"{name}_low"] == pytest.approx(one[f"{name}_low"], rel=0.02)
        assert three[f"{name}_high"] == pytest.approx(one[f"{name}_high"], rel=0.02)
    for name in ("epochs_median", "epochs_median_low", "epochs_median_high"):
        assert three[name] == one[name]


def test_a_repeated_seed_is_warned_of_by_name_unless_pooling_is_meant():
    runs = pooled(5, 3)
    message = (
        "network.hidden=2: seed 0 occurs 3 times, in runs that differ in optimizer.lr. Runs of one "
        "seed are not independent: they count as one. Name those keys too, or say cluster='seed' "
        "if pooling is meant"
    )
    with pytest.warns(RepeatedSeedsWarning) as caught:
        found = xorlab.convergence(runs, by=HIDDEN)
    assert [str(one.message) for one in caught] == [message]
    meant = xorlab.convergence(runs, by=HIDDEN, cluster="seed")
    pd.testing.assert_frame_equal(found, meant)


def test_a_key_counts_once_and_the_last_time_that_it_was_trained():
    runs = table({0.1: [5, 6, None]}).assign(key=list("abc"), run_id=list("xyz"))
    again = runs.assign(run_id=list("uvw"), outcome="unsolved", epochs_to_solve=np.nan)
    twice = pd.concat([runs, again.iloc[:1]], ignore_index=True)
    (row,) = xorlab.convergence(twice, by=["optimizer.lr"]).to_dict("records")
    assert (row["n"], row["solved"]) == (3, 1)
    # A run that failed when it was trained again does not replace one that ended.
    failed = twice.assign(outcome=[*runs["outcome"], None])
    (row,) = xorlab.convergence(failed, by=["optimizer.lr"]).to_dict("records")
    assert (row["n"], row["solved"]) == (3, 2)


def test_a_column_called_key_of_any_other_table_is_one_like_any_other():
    runs = table({0.1: [5, 6, None]}).assign(key="same")
    assert xorlab.convergence(runs, by=["key"])["n"].tolist() == [3]


def test_the_effective_number_of_runs_is_that_of_their_seeds():
    assert clusters_of(np.array([3, 1, 2])) is None
    even = clusters_of(np.array([0, 1, 0, 1, 0, 1]))
    assert even is not None
    assert (even.count, len(even) * even.weight) == (2, pytest.approx(2))
    uneven = clusters_of(np.array([0, 0, 0, 1]))
    assert uneven is not None
    assert len(uneven) * uneven.weight == pytest.approx(16 / 10)  # Kish (1965)
