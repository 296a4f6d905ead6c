"""The probability that one setting solves sooner, with its interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats

from tests.helpers.samples import LIMIT, epochs_lists
from xorlab.analysis.statistics.superiority import Resamples, superiority, superiority_interval

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
