"""Expected running time and the best cutoff: definitions, identities, edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from tests.helpers.samples import LIMIT, epochs_lists, times
from xorlab.analysis.statistics.intervals import clopper_pearson
from xorlab.analysis.statistics.restart_curve import restart_curve
from xorlab.analysis.statistics.restarts import (
    LEAST_SOLVED,
    best_cutoff,
    best_cutoffs,
)
from xorlab.analysis.statistics.running_time import expected_running_time, statistics_at
from xorlab.analysis.statistics.survival import kaplan_meier


def by_definition(time, solved, c):
    by_then = (time[solved] <= c).sum()
    spent = np.maximum(np.minimum(time, c), 1)
    return spent.sum() / by_then if by_then else np.inf


@given(epochs=epochs_lists, cutoff=st.integers(1, LIMIT))
def test_ert_is_its_definition_and_rmst_over_the_success_probability(epochs, cutoff):
    time, solved = times(epochs)
    ert = expected_running_time(time, solved, cutoff)
    assert ert == pytest.approx(by_definition(time, solved, cutoff))
    curve = kaplan_meier(time, solved)
    # The area under the Kaplan-Meier curve up to the cutoff.
    steps = np.append(curve.times[curve.times <= cutoff], cutoff)
    rmst = np.sum(np.diff(steps) * curve.survival[: len(steps) - 1])
    at_once = np.mean(time == 0)  # these cost an epoch too
    share = 1 - curve.survival[len(steps) - 2]
    ascending = np.sort(time[solved])
    assert statistics_at(ascending, len(time), cutoff).rmst()[0] == pytest.approx(rmst)
    if share > 1e-9:
        assert ert == pytest.approx((rmst + at_once) / share)


@given(epochs=epochs_lists)
def test_the_survival_curve_whose_area_is_taken_is_statsmodels(epochs):
    time, solved = times(epochs)
    assume(solved.any())
    curve = SurvfuncRight(time, solved.astype(int))
    steps = np.array([0.0, *curve.surv_times[curve.surv_times < LIMIT], LIMIT])
    heights = [1.0, *curve.surv_prob[curve.surv_times < LIMIT]]
    rmst = statistics_at(np.sort(time[solved]), len(time), LIMIT).rmst()[0]
    assert rmst == pytest.approx(np.sum(np.diff(steps) * heights))


def test_kramers_expected_epochs_to_solution_by_hand():
    # 10 + 20 + 100 + 100 epochs for two successes.
    ert = statistics_at(np.array([10.0, 20.0]), 4, 100).ert()
    assert ert[0] == 115
    assert ert[1] < 115 < ert[2]


@given(epochs=epochs_lists, confidence=st.sampled_from([0.8, 0.95]))
def test_intervals_hold_their_estimates_and_stay_within_bounds(epochs, confidence):
    time, solved = times(epochs)
    found = statistics_at(np.sort(time[solved]), len(time), LIMIT)
    rmst, low, high = found.rmst(confidence)
    assert -1e-9 <= low <= rmst + 1e-9
    assert rmst - 1e-9 <= high <= LIMIT + 1e-9
    ert, low, high = found.ert(confidence)
    assert 0 <= low <= ert + 1e-9
    assert high >= ert - 1e-9 or np.isinf(ert)


def test_no_success_is_infinite_and_bounded_below_by_the_best_success_rate_that_is_possible():
    ert, low, high = statistics_at(np.array([]), 30, 1000).ert()
    assert np.isinf(ert)
    assert np.isinf(high)
    rate = clopper_pearson(0, 30)[1]
    assert low == pytest.approx(1000 * (1 - rate) / rate)


@pytest.mark.parametrize("rate", [0.15, 0.3, 0.5, 0.75, 0.95])
@pytest.mark.parametrize("n", [5, 10, 20])
def test_the_interval_of_ert_covers_its_level_at_every_rate(n, rate):
    """Runs solved at 100 epochs or not at all: only their number is uncertain."""
    k = np.arange(n + 1)
    ends = np.array([statistics_at(np.full(j, 100.0), n, 1000).ert()[1:] for j in k])
    true = 100 + 1000 * (1 - rate) / rate
    held = (ends[:, 0] <= true) & (true <= ends[:, 1])
    assert stats.binom.pmf(k, n, rate)[held].sum() >= 0.95


def test_all_solved_may_still_fail_now_and_then():
    """30 of 30 solved after about 100 epochs: a run in nine may cost the limit."""
    ascending = np.sort(np.random.default_rng(0).normal(100, 5, 30))
    ert, low, high = statistics_at(ascending, 30, 10_000).ert()
    assert ert == pytest.approx(ascending.mean())
    assert high > ert + 10_000 * 0.1
    assert low > 95


@given(epochs=epochs_lists)
def test_the_best_cutoff_is_the_least_of_the_curve_where_ten_runs_were_solved(epochs):
    time, solved = times(epochs)
    best = best_cutoff(time, solved, LIMIT, resamples=100)
    if not solved.any():
        assert np.isnan(best.cutoff)
        assert (best.ert, best.ert_high) == (np.inf, np.inf)
        return
    if solved.sum() < LEAST_SOLVED:
        assert best.cutoff == LIMIT
    enough = [c for c in range(1, LIMIT + 1) if (time[solved] <= c).sum() >= LEAST_SOLVED]
    costs = {c: by_definition(time, solved, c) for c in enough or [LIMIT]}
    assert best.ert == pytest.approx(min(costs.values()))
    assert costs[int(best.cutoff)] == pytest.approx(best.ert)
    assert best.cutoff == min(c for c in costs if costs[c] <= best.ert * (1 + 1e-9))
    assert best.low <= best.cutoff <= best.high <= LIMIT
    assert best.ert_low <= best.ert + 1e-9
    assert best.ert <= best.ert_high + 1e-9


@given(
    solved_at=st.lists(st.integers(0, LIMIT), min_size=LEAST_SOLVED, max_size=18),
    unsolved=st.integers(0, 9),
    seed=st.integers(0, 9),
)
def test_regrets_are_those_of_resampled_runs(solved_at, unsolved, seed):
    """The vectorised bootstrap against one that resamples runs and starts over."""
    from xorlab.analysis.statistics.bootstrap import counts_in_blocks
    from xorlab.analysis.statistics.restarts import _regrets

    time, solved = times([*solved_at, *[None] * unsolved])
    ascending, n = np.sort(np.maximum(time[solved], 1)), len(time)
    ranked = np.concatenate([ascending, np.full(n - len(ascending), np.inf)])
    best = best_cutoff(time, solved, LIMIT, resamples=100).cutoff
    index = int(np.searchsorted(ascending, best, side="right")) - 1
    counts = np.concatenate(list(counts_in_blocks(n, 100, seed)))
    (regrets,) = _regrets([ascending], [index], [LIMIT], [counts], 100)
    for row, regret in zip(counts[:20].astype(int), regrets[:20], strict=True):
        drawn = np.repeat(ranked, row)
        finite = np.isfinite(drawn)
        drawn = np.minimum(drawn, LIMIT)
        solved_by = {c: (drawn[finite] <= c).sum() for c in ascending}
        enough = [c for c in ascending if solved_by[c] >= LEAST_SOLVED] or [LIMIT]
        least = min(by_definition(drawn, finite, c) for c in enough)
        here = by_definition(drawn, finite, best)
        assert regret == pytest.approx(max(here / least, 1))


@given(epochs=epochs_lists, other=epochs_lists)
def test_settings_that_share_resamples_do_not_see_one_another(epochs, other):
    n = max(len(epochs), len(other))
    samples = [times([*e, *[None] * (n - len(e))]) for e in (epochs, other)]
    ascending = [np.sort(t[s]) for t, s in samples]
    together = best_cutoffs(ascending, n, [LIMIT, LIMIT], resamples=100)
    alone = [best_cutoffs([one], n, [LIMIT], resamples=100)[0] for one in ascending]
    assert repr(together) == repr(alone)


def test_the_interval_of_the_cutoff_narrows_to_the_truth():
    """Half the runs solve at 10 to 12 epochs, the others never."""
    generator = np.random.default_rng(0)
    time = np.where(generator.random(400) < 0.5, generator.integers(10, 13, 400), 1000.0)
    best = best_cutoff(time, time < 1000, 1000)
    assert best.cutoff == 12
    assert best.low >= 10
    assert best.high < 16


def test_a_cutoff_beyond_what_was_followed_is_refused():
    with pytest.raises(ValueError, match="beyond 20"):
        expected_running_time([10, 20], [True, False], 21)
    with pytest.raises(ValueError, match="beyond 20"):
        restart_curve([10, 20], [True, False], 20, cutoffs=[5, 30])
    with pytest.raises(ValueError, match="no runs"):
        best_cutoff([], [], 5)


@given(epochs=epochs_lists)
def test_the_curve_is_ert_at_every_cutoff_and_falls_only_at_successes(epochs):
    time, solved = times(epochs)
    curve = restart_curve(time, solved, LIMIT, resamples=100)
    expected = expected_running_time(time, solved, curve.cutoffs)
    np.testing.assert_array_equal(curve.ert, expected)
    assert (np.diff(curve.cutoffs) > 0).all()
    assert curve.cutoffs[-1] == LIMIT
    if solved.any():
        assert curve.best.ert >= curve.ert.min() * (1 - 1e-9)


def test_one_lucky_run_does_not_decide():
    """One of 50 runs is solved by its initial weights, the others as often as not by 400."""
    generator = np.random.default_rng(0)
    time = np.where(generator.random(50) < 0.5, generator.integers(200, 500, 50), 10_000.0)
    usual = best_cutoff(time, time < 10_000, 10_000)
    time[0] = 0
    lucky = best_cutoff(time, time < 10_000, 10_000)
    assert lucky.cutoff == usual.cutoff
    assert lucky.ert == pytest.approx(usual.ert, 0.1)
    assert lucky.ert_low < usual.ert_low  # but it may not have been luck


def test_only_runs_end_the_interval_of_the_cutoff_and_not_the_rule_of_ten():
    """Ten of ten solved: only the last of them may be the cutoff, but it need not be the best."""
    time = np.array([90.0, 95, 100, 105, 110, 115, 120, 125, 130, 900])
    best = best_cutoff(time, np.ones(10, bool), 1000)
    assert (best.cutoff, best.low, best.high) == (900, 0, 1000)
    many = best_cutoff(np.tile(time, 20), np.ones(200, bool), 1000)
    assert many.cutoff == 130
    assert many.low > 90


def test_no_cutoff_is_told_from_luck_by_fewer_than_ten_solved_runs():
    time = np.array([0.0] + [100.0] * 8 + [1000.0] * 11)
    best = best_cutoff(time, time < 1000, 1000)
    assert (best.cutoff, best.low, best.high) == (1000, 0, 1000)
    assert 1 <= best.ert_low < 10
    assert best.ert == pytest.approx((1 + 800 + 11_000) / 9)


@pytest.mark.parametrize("scale", [1.0, 1.1, 11.1, 123.4])
def test_of_equal_costs_the_smallest_cutoff_is_the_best(scale):
    """20 of 32 runs after 3 epochs and 10 more after 7: both cost 4.8, whatever the rounding."""
    time = scale * np.array([3.0] * 20 + [7.0] * 10 + [100.0] * 2)
    solved = time < 100 * scale
    assert best_cutoff(time, solved, 100 * scale).cutoff == 3 * scale
