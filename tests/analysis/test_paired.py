"""Settings that share seeds: compared in pairs, pooled by seed, or looked at again."""

from __future__ import annotations

import pandas as pd
import pytest

import xorlab
from tests.helpers.samples import table
from xorlab.analysis.statistics.repeats import RepeatedSeedsWarning

A, B = {"optimizer.lr": 0.1}, {"optimizer.lr": 2.0}
SAME_START = {"task": "xor", "network.hidden": 2, "init": "uniform", "init.range": 1.0}


def test_settings_that_start_from_the_same_weights_are_compared_seed_by_seed():
    """Every seed is a little sooner with the second: seen in ten pairs, not in ten runs."""
    slow = [5, 9, 14, 18, 22, 26, 30, 34, None, None]
    fast = [4, 8, 13, 17, 21, 25, 29, 33, 37, None]
    runs = table({0.1: slow, 2.0: fast}, **SAME_START)
    found = xorlab.compare(runs, A, B)
    assert found.paired
    assert found.test == "sign test of pairs,"
    assert found.p == pytest.approx(2 / 2**9)
    assert found.p_rate == 1  # McNemar: one seed differs
    assert found.sooner == pytest.approx(0.05)
    assert str(found).startswith("optimizer.lr=0.1 solves later than optimizer.lr=2 (sign test of")
    assert str(found).endswith(
        "Compared seed by seed (10), because both start from the same weights."
    )
    apart = xorlab.compare(runs, A, B, paired=False)
    assert not apart.claimed
    assert str(apart).endswith("Compared as independent runs, as asked.")
    assert apart.difference == pytest.approx(found.difference)


def test_pairs_are_not_assumed_and_the_reason_is_said():
    runs = table({0.1: [5, None] * 5, 2.0: [4, 6] * 5})
    said = "Compared as independent runs; say paired='seed' if one seed starts both alike."
    assert str(xorlab.compare(runs, A, B)).endswith(said)
    asked = xorlab.compare(runs, A, B, paired="seed")
    assert str(asked).endswith("Compared seed by seed (10), as asked.")
    other = runs.assign(**SAME_START)
    other["init.range"] = other["optimizer.lr"]
    assert str(xorlab.compare(other, A, B)).endswith("runs: their initial weights differ.")
    apart = runs.assign(**SAME_START, seed=range(20))
    assert str(xorlab.compare(apart, A, B)).endswith("runs: no seed is in both.")
    with pytest.raises(ValueError, match="pairs need at least two values of seed that both"):
        xorlab.compare(apart, A, B, paired="seed")
    with pytest.raises(ValueError, match="no column pair by which"):
        xorlab.compare(runs, A, B, paired="pair")
    unseeded = runs.drop(columns="seed")
    assert str(xorlab.compare(unseeded, A, B)).endswith("there is no column seed.")


def test_runs_without_a_partner_are_left_out_and_counted():
    runs = table({0.1: [5, None, 6, 7, 8], 2.0: [4, 6, 5]}, **SAME_START)
    found = xorlab.compare(runs, A, B)
    assert (found.n_a, found.n_b, found.rate_a) == (3, 3, pytest.approx(2 / 3))
    assert str(found).endswith("same weights; 2 runs without a partner are left out.")


def test_pooled_settings_are_compared_seed_by_seed_and_each_seed_counts_once():
    epochs = [5, 9, None, 14, 20, 3, None, 8]
    slow = [None if e is None else e + 1 for e in epochs]
    runs = table({0.1: slow, 2.0: epochs}).assign(**{"network.hidden": 2})
    twice = pd.concat([runs, runs.assign(**{"network.hidden": 3})], ignore_index=True)
    with pytest.warns(RepeatedSeedsWarning, match=r"seed 0 occurs 2 times, .* network\.hidden"):
        found = xorlab.compare(twice, A, B)
    once = xorlab.compare(runs, A, B, paired="seed")
    assert (found.n_a, once.n_a) == (16, 8)
    assert found.p == pytest.approx(once.p)
    assert found.difference_high == pytest.approx(once.difference_high)
    assert "because a seed has several runs in a setting" in str(found)
    apart = twice.assign(seed=twice["seed"] + 100 * (twice["optimizer.lr"] == 2))
    apart = xorlab.compare(apart, A, B, cluster="seed")
    assert str(apart).endswith("Each seed counts once (8 and 8), as its runs depend.")
    single = xorlab.compare(runs, A, B, paired=False)
    assert apart.p == pytest.approx(single.p, abs=0.05)
    assert apart.difference_low == pytest.approx(single.difference_low)


def test_an_anytime_valid_test_says_that_it_may_be_repeated():
    runs = table({0.1: [5, None] * 6, 2.0: [4, 6] * 6}, **SAME_START)
    found = xorlab.compare(runs, A, B, anytime=True)
    assert found.claimed
    assert found.p > xorlab.compare(runs, A, B).p
    few = runs[runs["seed"] < 4]
    again = xorlab.compare(few, A, B, anytime=True)
    assert not again.claimed
    assert "This test may be repeated as seeds are added." in str(again)
