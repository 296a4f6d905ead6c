"""Intervals of rates and means against statsmodels, scipy and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from xorlab.analysis.statistics.bootstrap import counts_in_blocks
from xorlab.analysis.statistics.intervals import (
    clopper_pearson,
    mean_interval,
    mover,
    newcombe,
    wilson,
)

counts = st.integers(1, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.sampled_from([0.8, 0.95, 0.99])


@given(runs=counts, confidence=confidences)
def test_wilsons_interval_is_statsmodels(runs, confidence):
    expected = proportion_confint(*runs, alpha=1 - confidence, method="wilson")
    np.testing.assert_allclose(wilson(*runs, confidence), expected, atol=1e-12)


@given(runs=counts, confidence=confidences)
def test_the_exact_interval_is_statsmodels(runs, confidence):
    expected = proportion_confint(*runs, alpha=1 - confidence, method="beta")
    np.testing.assert_allclose(clopper_pearson(*runs, confidence), expected, atol=1e-12)


@given(n=st.integers(1, 40), rate=st.floats(0.001, 0.999))
def test_the_exact_interval_covers_its_level_at_every_rate(n, rate):
    k = np.arange(n + 1)
    low, high = clopper_pearson(k, n)
    assert stats.binom.pmf(k, n, rate)[(low <= rate) & (rate <= high)].sum() >= 0.95 - 1e-9


def test_wilsons_interval_takes_arrays_and_is_exact_at_its_ends():
    low, high = wilson([0, 3, 10], 10)
    assert low[0] == 0
    assert high[-1] == 1
    assert low[1] < 0.3 < high[1]


@given(a=counts, b=counts, confidence=confidences)
def test_the_interval_of_a_difference_is_newcombes(a, b, confidence):
    expected = confint_proportions_2indep(
        *a, *b, method="newcomb", compare="diff", alpha=1 - confidence
    )
    np.testing.assert_allclose(newcombe(*a, *b, confidence), expected, atol=1e-9)


@given(values=st.lists(st.floats(0.5, 100), min_size=2, max_size=30))
def test_the_interval_of_a_mean_is_students_by_the_delta_method(values):
    mean, error = np.mean(values), stats.sem(values)
    low, high = mean_interval(mean, np.std(values, ddof=1), len(values), 1e6)
    half = stats.t.ppf(0.975, len(values) - 1) * error / mean
    assert low == pytest.approx(mean * np.exp(-half))
    assert high == pytest.approx(min(mean * np.exp(half), 1e6))


def test_of_the_mean_of_one_run_only_its_bounds_are_known():
    assert mean_interval(np.array(5.0), np.array(np.nan), np.array(1), np.array(40.0)) == (0, 40)


def test_symmetric_intervals_of_a_sum_add_up_as_squares():
    low, high = mover(np.array(2.0), (-1.0, 5.0), np.array(3.0), (-1.0, 7.0))
    assert (low, high) == (0, 10)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_confidence_is_a_share(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        wilson(1, 2, confidence)


def test_resamples_are_drawn_from_the_runs_whatever_the_blocks():
    whole = np.concatenate(list(counts_in_blocks(7, 300, seed=3)))
    parts = np.concatenate(list(counts_in_blocks(7, 300, seed=3, width=11)))
    np.testing.assert_array_equal(whole, parts)
    assert whole.shape == (300, 7)
    assert (whole.sum(axis=1) == 7).all()
    # Each count is binomial: mean 1, variance 1 - 1/n.
    assert whole.mean(axis=0) == pytest.approx(np.ones(7), abs=0.3)
    assert whole.var() == pytest.approx(6 / 7, abs=0.15)
    other = np.concatenate(list(counts_in_blocks(7, 300, seed=4)))
    assert (whole != other).any()


def test_too_few_resamples_are_refused():
    with pytest.raises(ValueError, match="at least 100"):
        next(counts_in_blocks(3, 99))
