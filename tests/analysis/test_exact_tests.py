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
from xorlab.analysis.statistics.permutation import fisher_p, permutation_p, sign_flip_p
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


@given(st.integers(0, 9), st.integers(1, 9), st.integers(0, 9), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_fishers_test_is_scipys(a, more_a, b, more_b):
    n, m = a + more_a, b + more_b
    sides = [
        stats.fisher_exact([[a, more_a], [b, more_b]], alternative=side).pvalue
        for side in ("less", "greater")
    ]
    assert fisher_p(a, n, b, m) == pytest.approx(min(1, 2 * min(sides)))


def test_sign_flips_of_unequal_differences_are_drawn():
    differences = np.array([0.5, 1.0, -0.25, 1.0, 0.75, 0.0, 0.5, 1.0])
    own = differences[differences != 0]
    signs = np.array(list(product([-1, 1], repeat=len(own))))
    exact = 2 * np.mean(signs @ np.abs(own) >= own.sum() - 1e-9)
    assert sign_flip_p(differences) == pytest.approx(exact, abs=0.01)
    assert sign_flip_p(np.array([1.0, 1, 1, 1, 1, 1])) == pytest.approx(2 / 64)
    assert sign_flip_p(np.zeros(3)) == 1


def test_a_pair_more_takes_little_memory():
    """Not 9,999 signs: of thousands of pairs these would be hundreds of megabytes."""
    differences = np.random.default_rng(0).normal(size=600)
    assert bytes_each(lambda count: sign_flip_p(differences[:count]), 300, 600).peak < 2_000
