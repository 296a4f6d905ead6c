"""Kaplan-Meier and the log-rank test against scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from tests.helpers.samples import LIMIT, epochs_lists, times
from xorlab.analysis.statistics.intervals import wilson
from xorlab.analysis.statistics.survival import kaplan_meier, logrank

# Censored anywhere.
censored_lists = st.lists(
    st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=25
).map(lambda pairs: (np.array([t for t, _ in pairs], float), np.array([s for _, s in pairs])))


@given(sample=censored_lists)
def test_the_curve_is_scipys(sample):
    time, solved = sample
    curve = kaplan_meier(time, solved)
    expected = stats.ecdf(stats.CensoredData(time[solved], right=time[~solved])).sf
    np.testing.assert_allclose(curve.survival, expected.evaluate(curve.times), atol=1e-12)
    assert curve.times[0] == 0
    assert curve.solved.sum() == solved.sum()
    assert len(curve.censored) == (~solved).sum()
    at_risk = [(time >= step).sum() for step in curve.times]
    assert curve.at_risk.tolist() == at_risk
    assert (curve.low <= curve.survival).all()
    assert (curve.survival <= curve.high).all()


@given(sample=censored_lists)
def test_the_band_has_greenwoods_variance_as_an_effective_number_of_runs(sample):
    time, solved = sample
    assume(solved.any())
    curve, expected = kaplan_meier(time, solved), SurvfuncRight(time, solved.astype(int))
    for step, s, error in zip(
        expected.surv_times, expected.surv_prob, expected.surv_prob_se, strict=True
    ):
        j = int(np.searchsorted(curve.times, step))
        if j == len(curve.times) or curve.times[j] != step or not 1e-9 < s < 1 - 1e-9:
            continue
        low, high = wilson((1 - s) * s * (1 - s) / error**2, s * (1 - s) / error**2)
        assert curve.low[j] == pytest.approx(1 - high)
        assert curve.high[j] == pytest.approx(1 - low)


@given(epochs=epochs_lists)
def test_without_early_censoring_the_band_ends_as_the_interval_of_the_success_rate(epochs):
    time, solved = times(epochs)
    curve = kaplan_meier(time, solved)
    low, high = wilson(solved.sum(), len(solved))
    assert 1 - curve.high[-1] == pytest.approx(low, abs=1e-9)
    assert 1 - curve.low[-1] == pytest.approx(high, abs=1e-9)


@given(epochs=epochs_lists, share=st.sampled_from([0.25, 0.5, 0.75]))
def test_a_quantile_is_an_order_statistic_and_undefined_where_too_few_solve(epochs, share):
    time, solved = times(epochs)
    estimate, low, high = kaplan_meier(time, solved).quantile(share)
    rank = int(np.ceil(share * len(time) - 1e-9))
    ascending = np.sort(np.where(solved, time, np.inf))
    if np.isinf(ascending[rank - 1]):
        assert np.isnan(estimate)
        assert high == np.inf
        assert low <= LIMIT
    else:
        assert estimate == ascending[rank - 1]
        assert low <= estimate <= high


def test_the_interval_of_the_median_has_the_ranks_of_wilsons_interval():
    # n = 30: 10 of 30 have an upper end above 1/2, 21 of 30 a lower end above it.
    curve = kaplan_meier(np.arange(1.0, 31.0), np.ones(30, bool))
    assert curve.quantile(0.5) == (15, 10, 21)


@given(a=censored_lists, b=censored_lists)
def test_the_log_rank_test_is_scipys_and_statsmodels(a, b):
    z, p = logrank(*a, *b)
    both = (np.concatenate(pair) for pair in zip(a, b, strict=True))
    time, solved = both
    if p == 1 and z == 0:
        return
    group = np.repeat([0, 1], [len(a[0]), len(b[0])])
    statistic, expected = survdiff(time, solved.astype(int), group)
    assert z**2 == pytest.approx(statistic)
    assert p == pytest.approx(expected, abs=1e-9)
    samples = [stats.CensoredData(t[s], right=t[~s]) for t, s in (a, b)]
    assert stats.logrank(*samples).statistic == pytest.approx(z, abs=1e-9)
    assert logrank(*b, *a) == (pytest.approx(-z, abs=1e-9), pytest.approx(p))


def test_where_no_run_is_solved_there_is_no_difference():
    assert logrank([9, 9], [False, False], [9], [False]) == (0, 1)


def test_no_runs_and_unknown_times_are_refused():
    with pytest.raises(ValueError, match="no runs"):
        kaplan_meier([], [])
    with pytest.raises(ValueError, match="limit missing"):
        kaplan_meier([np.nan], [False])
