"""Two settings compared: against scipy and statsmodels, and what the sentence claims."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

import xorlab
from tests.helpers.samples import LIMIT, epochs_lists, table
from xorlab.analysis.statistics.comparison import holm
from xorlab.analysis.statistics.superiority import Resamples, superiority, superiority_interval

A, B = {"optimizer.lr": 0.1}, {"optimizer.lr": 2.0}
STORE = Resamples(100)


def ranked(epochs):
    return np.array([np.inf if step is None else step for step in epochs], float)


@given(a=epochs_lists, b=epochs_lists)
def test_the_probability_is_mann_and_whitneys_with_the_unsolved_tied(a, b):
    late = [np.minimum(ranked(e), LIMIT + 1) for e in (a, b)]
    u = stats.mannwhitneyu(late[1], late[0]).statistic
    assert superiority(ranked(a), ranked(b)) == pytest.approx(u / (len(a) * len(b)))


@given(a=epochs_lists, b=epochs_lists)
def test_the_two_probabilities_add_up_to_one_and_so_do_their_intervals(a, b):
    there = superiority_interval(ranked(a), ranked(b), store=STORE)
    back = superiority_interval(ranked(b), ranked(a), store=STORE)
    np.testing.assert_allclose(there, [1 - back[0], 1 - back[2], 1 - back[1]], atol=1e-12)
    assert 0 <= there[1] <= there[0] <= there[2] <= 1


@given(a=epochs_lists, b=epochs_lists)
@settings(max_examples=30)
def test_the_bootstrap_resamples_the_runs_of_both(a, b):
    x, y = (np.sort(ranked(e)) for e in (a, b))
    ((counts, sums),) = Resamples(100, seed=5).blocks(len(x), len(y))
    drawn = np.diff(sums, axis=1)
    assert (counts.sum(axis=1) == len(x)).all()
    assert (drawn.sum(axis=1) == len(y)).all()
    earlier, upto = (np.searchsorted(y, x, side=side) for side in ("left", "right"))
    pairs = 2 * len(y) - sums[:, earlier] - sums[:, upto]
    fast = (counts * pairs).sum(axis=1) / (2 * len(x) * len(y))
    for row in range(10):
        again = [np.repeat(v, c[row].astype(int)) for v, c in ((x, counts), (y, drawn))]
        assert fast[row] == pytest.approx(superiority(*again))


def test_of_runs_that_all_differ_the_interval_still_has_width():
    """Newcombe (2006), method 5: ten before ten."""
    estimate, low, high = superiority_interval(np.arange(10.0), np.arange(20.0, 30.0))
    assert (estimate, high) == (1, 1)
    p = low
    assert 0.7 < p < 0.9
    shape = 1 + 9 * ((1 - p) / (2 - p) + p / (1 + p))
    assert (1 - p) ** 2 == pytest.approx(1.959964**2 * p * (1 - p) * shape / 100, rel=1e-5)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(max_examples=5, deadline=None)  # the other takes 0.1 s a call
def test_holms_correction_is_statsmodels(p):
    expected = multipletests(p, method="holm")[1]
    np.testing.assert_allclose(holm(np.array(p)), expected, atol=1e-12)


def test_a_difference_is_claimed_where_there_is_one():
    runs = table({0.1: [*range(20, 35), *[None] * 15], 2.0: [*range(5, 30), *[None] * 5]})
    found = xorlab.compare(runs, A, B)
    assert found.claimed
    assert found.seeds is None
    assert found.p_holm == found.p < 0.05
    assert found.difference == pytest.approx(15 / 30 - 25 / 30)
    assert found.difference_low < found.difference < found.difference_high
    assert str(found).startswith("optimizer.lr=0.1 solves later than optimizer.lr=2 (log-rank p ")
    assert "50 % of 30 runs against 83 % of 30 solved within 40 epochs" in str(found)
    back = xorlab.compare(runs, B, A)
    assert str(back).startswith("optimizer.lr=2 solves sooner than optimizer.lr=0.1")
    assert back.sooner == pytest.approx(1 - found.sooner)


def test_three_against_three_claim_nothing_however_they_differ():
    found = xorlab.compare(table({0.1: [None] * 3, 2.0: [1, 2, 3]}), A, B)
    assert found.p < 0.05
    assert not found.claimed
    assert found.seeds == 4  # 2 of the 70 ways to deal four and four are 3 %
    assert str(found).startswith("Too few runs to compare optimizer.lr=0.1 with optimizer.lr=2")
    assert "no exact test can give a p below 0.1" in str(found)
    assert "about 4 seeds of each" in str(found)


def test_no_difference_is_claimed_where_chance_explains_it_and_the_seeds_are_named():
    runs = table({0.1: [*range(5, 17), *[None] * 8], 2.0: [*range(5, 19), *[None] * 6]})
    found = xorlab.compare(runs, A, B)
    assert not found.claimed
    assert str(found).startswith("No difference between optimizer.lr=0.1 and optimizer.lr=2 can be")
    assert found.seeds is not None
    assert found.seeds <= xorlab.seeds_needed(rates=(12 / 20, 14 / 20))
    assert f"about {found.seeds:,} seeds of each would tell" in str(found)


def test_for_settings_that_look_alike_the_seeds_that_bound_the_difference_are_named():
    found = xorlab.compare(table({0.1: [5, 6, None] * 5, 2.0: [5, 6, None] * 5}), A, B)
    assert (found.sooner, found.difference, found.p, found.seeds) == (0.5, 0, 1, None)
    bound = xorlab.seeds_needed(half_width=0.1 / np.sqrt(2), rate=2 / 3)
    assert f"about {bound} seeds of each would bound" in str(found)


def test_mixed_limits_are_compared_up_to_the_smallest():
    runs = table({0.1: [5, 6, None, None, 7], 2.0: [5, 6, 30, 35, None]})
    runs.loc[runs["optimizer.lr"] == 0.1, "training.epochs"] = 20
    found = xorlab.compare(runs, A, B)
    assert (found.limit, found.rate_a, found.rate_b) == (20, 0.6, 0.4)


def test_one_run_each_and_none_solved():
    found = xorlab.compare(table({0.1: [None], 2.0: [None]}), A, B)
    assert (found.sooner, found.p, found.claimed) == (0.5, 1, False)
    assert found.sooner_low < 0.5 < found.sooner_high


def test_all_pairs_are_corrected_together_and_each_row_is_the_pair_compared():
    rows = {0.1: [5, 9, None, 14] * 5, 0.5: [6, 8, None, 13] * 5, 2.0: [1, 2, 3, 4] * 5}
    runs = table(rows)
    pairs = xorlab.compare_all(runs, by=["optimizer.lr"])
    assert pairs[["a.optimizer.lr", "b.optimizer.lr"]].to_numpy().tolist() == [
        [0.1, 0.5],
        [0.1, 2.0],
        [0.5, 2.0],
    ]
    np.testing.assert_allclose(pairs["p_holm"], multipletests(pairs["p"], method="holm")[1])
    assert pairs["claimed"].tolist() == [False, True, True]
    assert pairs["seeds"].isna().tolist() == [False, True, True]
    assert pairs["sentence"].str.contains("Holm's correction for 3 comparisons").all()
    one = xorlab.compare(runs, {"optimizer.lr": 0.1}, {"optimizer.lr": 0.5})
    for name in ("sooner", "sooner_low", "difference_high", "p", "a", "limit"):
        assert pairs[name].iloc[0] == getattr(one, name)
    shuffled = runs.sample(frac=1, random_state=0)
    assert xorlab.compare_all(shuffled, by=["optimizer.lr"]).equals(pairs)


def test_no_claim_is_made_in_more_than_a_twentieth_of_experiments_without_a_difference():
    generator = np.random.default_rng(0)
    claims = 0
    for _ in range(100):
        rows = {lr: generator.integers(1, 40, 12).tolist() for lr in (1, 2, 3)}
        pairs = xorlab.compare_all(table(rows), by=["optimizer.lr"], resamples=100)
        claims += bool(pairs["claimed"].any())
    assert claims <= 11  # 5 expected at most; more than 11 once in 250 times


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ({"optimiser.lr": 0.1}, B, "did you mean optimizer.lr"),
        ({"lr": 0.1}, B, "did you mean optimizer.lr"),
        ({"optimizer.lr": 0.2}, B, "no run has that; there are optimizer.lr=0.1"),
        ({}, B, "no run has that"),
        (A, {"seed": 0}, "run in common"),
    ],
)
def test_settings_without_runs_or_with_shared_runs_are_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        xorlab.compare(table({0.1: [1, 2], 2.0: [3, 4]}), a, b)


def test_one_setting_and_no_runs_are_refused():
    with pytest.raises(ValueError, match="only one setting"):
        xorlab.compare_all(table({0.1: [1, 2]}), by=["optimizer.lr"])
    with pytest.raises(ValueError, match="no run with an outcome"):
        xorlab.compare_all(table({0.1: [1, 2]}).iloc[:0], by=["optimizer.lr"])


def test_an_unknown_limit_is_refused():
    runs = table({0.1: [1, None], 2.0: [3, 4]}).drop(columns=["training.epochs", "epochs_run"])
    with pytest.raises(ValueError, match=r"add training\.epochs"):
        xorlab.compare(runs, A, B)
