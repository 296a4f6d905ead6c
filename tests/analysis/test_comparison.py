"""Two settings compared: what the sentence claims, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

import xorlab
from tests.helpers.samples import epochs_lists, table
from xorlab.analysis.statistics.comparison import holm

A, B = {"optimizer.lr": 0.1}, {"optimizer.lr": 2.0}


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
    assert (found.paired, found.test) == (False, "log-rank")
    assert found.difference == pytest.approx(15 / 30 - 25 / 30)
    assert found.difference_low < found.difference < found.difference_high
    assert str(found).startswith("optimizer.lr=0.1 solves later than optimizer.lr=2 (log-rank p ")
    assert "50 % of 30 runs against 83 % of 30 solved within 40 epochs" in str(found)
    back = xorlab.compare(runs, B, A)
    assert str(back).startswith("optimizer.lr=2 solves sooner than optimizer.lr=0.1")
    assert back.sooner == pytest.approx(1 - found.sooner)


def test_three_against_three_claim_nothing_however_they_differ():
    found = xorlab.compare(table({0.1: [None] * 3, 2.0: [1, 2, 3]}), A, B)
    assert found.p == pytest.approx(0.1)
    assert not found.claimed
    assert found.seeds == 5
    assert str(found).startswith("Too few runs to compare optimizer.lr=0.1 with optimizer.lr=2")
    assert "of which 3 were solved, no exact test can give a p below 0.1" in str(found)
    assert "about 5 fresh seeds of each, without these runs" in str(found)


def test_no_difference_is_claimed_where_chance_explains_it_and_the_seeds_are_named():
    runs = table({0.1: [*range(5, 16), *[None] * 9], 2.0: [*range(5, 21), *[None] * 4]})
    found = xorlab.compare(runs, A, B)
    assert not found.claimed
    assert str(found).startswith("No difference between optimizer.lr=0.1 and optimizer.lr=2 can be")
    # The statistic of the test that decides grows with the root of the number of runs.
    assert found.seeds == math.ceil(20 * ((1.959964 + 0.841621) / found.z) ** 2)
    assert (
        f"about {found.seeds:,} fresh seeds of each, without these runs, would show it in"
        in str(found)
    )
    assert "use anytime=True: this test would claim too much" in str(found)


def test_where_nothing_points_to_a_difference_the_seeds_that_bound_the_difference_are_named():
    found = xorlab.compare(table({0.1: [5, 6, None] * 5, 2.0: [5, 6, None] * 5}), A, B)
    assert (found.sooner, found.difference, found.p, found.seeds) == (0.5, 0, 1, None)
    bound = xorlab.seeds_needed(half_width=0.1 / np.sqrt(2), rate=(20 + 2) / (30 + 4))
    assert f"about {bound} seeds of each bound the difference" in str(found)


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
    assert pairs["sentence"].str.contains("Holm's correction for 3 comparisons").all()
    one = xorlab.compare(runs, {"optimizer.lr": 0.1}, {"optimizer.lr": 0.5})
    for name in ("sooner", "sooner_low", "difference_high", "p", "a", "limit"):
        assert pairs[name].iloc[0] == getattr(one, name)
    shuffled = runs.sample(frac=1, random_state=0)
    assert xorlab.compare_all(shuffled, by=["optimizer.lr"]).equals(pairs)


@pytest.mark.slow
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
    with pytest.raises(ValueError, match=r"neither epochs_run nor training\.epochs"):
        xorlab.compare(runs, A, B)


def test_a_rate_that_differs_is_named_where_the_curves_cross():
    """Half of 20 runs at once, the others never, against all of 20 later."""
    runs = table({0.1: [*range(1, 11), *[None] * 10], 2.0: list(range(11, 31))})
    found = xorlab.compare(runs, A, B)
    assert found.p > 0.05  # the log-rank test sees nothing
    assert found.claimed
    assert str(found).startswith(
        "optimizer.lr=0.1 is solved less often than optimizer.lr=2, but their curves cross, and "
        "neither is shown to be the sooner throughout (Fisher's exact test, p = 0.00044; "
        "permutation log-rank p = "
    )
    assert "95 % interval -70 to -24" in str(found)


def test_four_of_thirty_against_none_is_not_claimed():
    found = xorlab.compare(table({0.1: [3, 4, 6, 9, *[None] * 26], 2.0: [None] * 30}), A, B)
    assert found.p == pytest.approx(2 * 27405 / 487635)  # all four in one group, either group
    assert not found.claimed
    assert "Too few runs to compare" in str(found)
    assert "of which 4 were solved, no exact test can give a p below 0.11" in str(found)


@pytest.mark.parametrize("keys", [{}, {"anytime": True}, {"paired": "seed"}, {"event": "half"}])
def test_settings_without_a_solved_run_are_not_said_to_need_seeds(keys):
    runs = table({0.1: [None] * 100, 2.0: [None] * 100}, epochs_to_half=np.nan)
    found = xorlab.compare(runs, A, B, **keys)
    did = "reached 'half'" if "event" in keys else "was solved"
    assert str(found).startswith(
        f"No run of optimizer.lr=0.1 or optimizer.lr=2 {did} within 40 epochs, of 100 and 100, "
    )
    assert (found.claimed, found.seeds) == (False, None)
    assert "more seeds only narrow that" in str(found)
    if not keys:
        assert "lies between -3.7 and +3.7 points (95 % interval)" in str(found)


@pytest.mark.parametrize("keys", [{"anytime": True}, {"paired": "seed"}])
def test_runs_that_all_ended_alike_are_not_too_few(keys):
    found = xorlab.compare(table({0.1: [5] * 10, 2.0: [5] * 10}), A, B, **keys)
    assert str(found).startswith("No difference between optimizer.lr=0.1 and optimizer.lr=2 can be")


def test_one_run_against_forty_claims_nothing():
    found = xorlab.compare(table({0.1: [40], 2.0: [*range(1, 40), 39]}), A, B)
    assert not found.claimed
    assert found.p >= 2 / 41


@given(a=epochs_lists, b=epochs_lists)
@settings(max_examples=60, deadline=None)
def test_a_claim_stands_beside_an_interval_that_excludes_no_difference(a, b):
    found = xorlab.compare(table({0.1: a, 2.0: b}), A, B, resamples=100)
    sooner = not found.sooner_low <= 0.5 <= found.sooner_high
    rates = not found.difference_low <= 0 <= found.difference_high
    assert not found.claimed or sooner or rates
    if " solves sooner " in str(found) or " solves later " in str(found):
        assert sooner
    if " more often " in str(found) or " less often " in str(found):
        assert rates


def test_pairs_with_one_setting_are_corrected_for_all_pairs():
    runs = table({float(lr): [lr * 5, lr * 9, None, lr * 7] * 10 for lr in (1, 2, 3, 4)})
    every = xorlab.compare_all(runs, by=["optimizer.lr"])
    some = xorlab.compare_all(runs, by=["optimizer.lr"], against={"optimizer.lr": 2.0})
    pairs = [(1.0, 2.0), (2.0, 3.0), (2.0, 4.0)]
    assert list(zip(some["a.optimizer.lr"], some["b.optimizer.lr"], strict=True)) == pairs
    same = every.set_index(["a.optimizer.lr", "b.optimizer.lr"]).loc[pairs]
    assert some["p"].tolist() == same["p"].tolist()
    assert some["p_holm"].tolist() == pytest.approx(np.minimum(1, 6 * some["p"]).tolist())
    assert (some["p_holm"].to_numpy() >= same["p_holm"].to_numpy()).all()
    named = "after Bonferroni's correction for 6 comparisons"
    assert some["sentence"].str.contains(named).sum() == 3
    assert not some["sentence"].str.contains("Holm").any()
    with pytest.raises(ValueError, match=r"against=optimizer\.lr=9: no run has that"):
        xorlab.compare_all(runs, by=["optimizer.lr"], against={"optimizer.lr": 9})


def test_runs_that_all_ended_solved_are_compared_at_the_others_limit():
    """Their last epoch is not how long they were allowed to train."""
    fast, slow = table({0.1: [2, 3, 4] * 10}), table({2.0: [9, 30, None] * 10})
    fast = fast.drop(columns="training.epochs").assign(epochs_run=fast["epochs_to_solve"])
    slow = slow.assign(**{"training.epochs": 50})
    found = xorlab.compare(pd.concat([fast, slow], ignore_index=True), A, B)
    assert (found.limit, found.rate_a) == (50, 1)
    assert found.rate_b == pytest.approx(2 / 3)
    assert found.claim == "sooner"
    later = fast.assign(**{"optimizer.lr": 2.0}, epochs_to_solve=fast["epochs_to_solve"] + 5)
    later["epochs_run"] = later["epochs_to_solve"]
    both = xorlab.compare(pd.concat([fast, later], ignore_index=True), A, B)
    assert (both.limit, both.rate_a, both.rate_b) == (math.inf, 1, 1)


def test_runs_without_the_keys_of_the_initial_weights_are_not_paired_by_them():
    keys = {"network.hidden": 2, "init": "uniform"}
    runs = table({0.1: [5, 9, None, 14] * 10, 2.0: [5, 9, None, 14] * 10})
    assert xorlab.compare(runs.assign(**keys), A, B).paired
    found = xorlab.compare(runs.assign(**dict.fromkeys(keys, math.nan)), A, B)
    assert not found.paired
    assert "say paired='seed'" in found.design
