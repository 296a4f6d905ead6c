"""Exact and permutation tests against all ways to deal the runs, and scipy."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tests.helpers.memory import bytes_each
from tests.helpers.samples import epochs_lists, times
from xorlab.analysis.statistics.permutation import (
    fisher_p,
    permutation_p,
    sign_flip_p,
    smallest_p,
)
from xorlab.analysis.statistics.survival import logrank, logrank_scores


@given(a=epochs_lists, b=epochs_lists)
@settings(max_examples=20, deadline=None)
def test_scores_add_up_to_the_numerator_of_the_log_rank_test(a, b):
    (x, u), (y, v) = times(a), times(b)
    scores = logrank_scores(x, u, y, v)
    assert np.concatenate(scores).sum() == pytest.approx(0, abs=1e-9)
    z, _ = logrank(x, u, y, v)
    assert scores[0].sum() * z >= -1e-9


@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_permutation_test_of_few_is_that_of_all_ways_to_deal_them(n, m, seed):
    values = np.random.default_rng(seed).integers(0, 4, n + m).astype(float)
    sums = [values[list(rows)].sum() for rows in combinations(range(n + m), n)]
    seen = values[:n].sum()
    tails = [np.mean([s <= seen for s in sums]), np.mean([s >= seen for s in sums])]
    assert permutation_p(values[:n], values[n:]) == pytest.approx(min(1, 2 * min(tails)))


@pytest.mark.parametrize(("n", "m", "shift"), [(20, 20, 1.5), (10, 30, 2.0), (29, 29, 2.5)])
def test_a_p_value_of_clearly_different_runs_is_that_of_all_permutations(n, m, shift):
    """However small, so that it holds against the correction for hundreds of pairs of settings."""
    drawn = np.random.default_rng(0)
    ranks = stats.rankdata(np.concatenate([drawn.normal(shift, 1, n), drawn.normal(0, 1, m)]))
    expected = stats.mannwhitneyu(ranks[:n], ranks[n:], method="exact").pvalue
    assert expected < 2e-4
    assert 0.99 < permutation_p(ranks[:n], ranks[n:]) / expected < 1.25  # rather too large


def test_the_least_p_value_is_that_of_the_one_way_to_part_the_runs():
    scores = np.random.default_rng(0).normal(size=40)
    scores.sort()
    p = permutation_p(scores[:15], scores[15:])
    assert p == pytest.approx(smallest_p(15, 25), rel=0.1)


@given(st.integers(0, 9), st.integers(1, 9), st.integers(0, 9), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_fishers_test_is_scipys(a, more_a, b, more_b):
    n, m = a + more_a, b + more_b
    sides = [
        stats.fisher_exact([[a, more_a], [b, more_b]], alternative=side).pvalue
        for side in ("less", "greater")
    ]
    assert fisher_p(a, n, b, m) == pytest.approx(min(1, 2 * min(sides)))


def all_signs(differences):
    own = differences[differences != 0]
    signs = np.array(list(product([-1, 1], repeat=len(own))))
    sums, seen = signs @ np.abs(own), own.sum()
    return min(1, 2 * min(np.mean(sums >= seen - 1e-9), np.mean(sums <= seen + 1e-9)))


@settings(max_examples=30, deadline=None)
@given(parts=st.lists(st.integers(-4, 4), min_size=1, max_size=9), each=st.sampled_from([2, 3, 12]))
def test_sign_flips_of_means_of_a_few_runs_are_exact(parts, each):
    differences = np.array(parts) / each
    expected = all_signs(differences) if differences.any() else 1
    assert sign_flip_p(differences) == pytest.approx(expected)


def test_sign_flips_of_any_differences_are_drawn():
    differences = np.random.default_rng(0).normal(0.4, 1, 10)
    assert sign_flip_p(differences) == pytest.approx(all_signs(differences), abs=0.01)
    assert sign_flip_p(np.array([1.0, 1, 1, 1, 1, 1])) == pytest.approx(2 / 64)
    assert sign_flip_p(np.zeros(3)) == 1


def test_a_p_value_of_many_pairs_is_no_larger_than_it_is():
    """So that it holds against the correction for hundreds of pairs of settings."""
    differences = np.repeat([1 / 3, 2 / 3, 1.0], 100)
    assert sign_flip_p(differences) < 1e-80


def test_a_pair_more_takes_little_memory():
    """Not 9,999 signs: of thousands of pairs these would be hundreds of megabytes."""
    differences = np.random.default_rng(0).normal(size=600)
    assert bytes_each(lambda count: sign_flip_p(differences[:count]), 300, 600).peak < 2_000
