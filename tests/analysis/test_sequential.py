"""A confidence sequence holds the rate whenever one stops looking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from xorlab.analysis.statistics.intervals import wilson
from xorlab.analysis.statistics.sequential import confidence_sequence, seeds_until

EXPERIMENTS, LAST = 2000, 300
LOOKS = np.arange(1, LAST + 1)
_SOLVED = np.minimum(np.arange(LAST + 1)[:, None], LOOKS)
# (solved, look) ends of the interval: every experiment reads its own path off them.
LOW, HIGH = confidence_sequence(_SOLVED, LOOKS)


def paths(rate, seed):
    """Runs solved after each look, and the interval there, (experiments, looks) each."""
    generator = np.random.default_rng(seed)
    solved = np.cumsum(generator.random((EXPERIMENTS, LAST)) < rate, axis=1)
    return solved, LOW[solved, LOOKS - 1], HIGH[solved, LOOKS - 1]


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.75, 0.95])
def test_it_covers_at_all_looks_together_where_wilsons_interval_does_not(rate):
    solved, low, high = paths(rate, 0)
    always = ((low <= rate) & (rate <= high)).all(axis=1).mean()
    assert always >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / EXPERIMENTS)
    # Stop as soon as the interval leaves the truth out, or in the end: an adversary's rule.
    low, high = wilson(solved[:, 9:], LOOKS[9:])
    assert ((low <= rate) & (rate <= high)).all(axis=1).mean() < 0.9


def test_it_covers_where_one_stops_when_it_is_narrow_enough():
    _, low, high = paths(0.8, 1)
    narrow = (high - low) / 2 <= 0.12
    stop = np.where(narrow.any(axis=1), narrow.argmax(axis=1), LAST - 1)
    rows = np.arange(EXPERIMENTS)
    covered = (low[rows, stop] <= 0.8) & (high[rows, stop] >= 0.8)
    assert covered.mean() >= 0.95


@given(n=st.integers(1, 200), data=st.data())
def test_the_ends_are_where_the_mixture_is_twenty_times_as_likely(n, data):
    solved = data.draw(st.integers(0, n))
    low, high = confidence_sequence(solved, n)

    def ratio(p: float) -> float:
        mixed = stats.betabinom.pmf(solved, n, 0.5, 0.5)
        return float(mixed / stats.binom.pmf(solved, n, p))

    if solved:
        assert ratio(float(low)) == pytest.approx(20, rel=1e-5)
    else:
        assert low == 0
    if solved < n:
        assert ratio(float(high)) == pytest.approx(20, rel=1e-5)
    else:
        assert high == 1
    assert low <= solved / n <= high


def test_the_mixture_is_the_integral_over_the_prior():
    """Robbins (1970), by quadrature: 3 of 4 solved, a prior of Beta(2, 2)."""
    low, _ = confidence_sequence(3, 4, prior=2)
    likelihood, prior = (lambda p: p**3 * (1 - p)), stats.beta(2, 2).pdf
    mixed = integrate.quad(lambda p: likelihood(p) * prior(p), 0, 1)[0]
    assert mixed / likelihood(low) == pytest.approx(20, rel=1e-6)


def test_before_the_first_run_everything_is_possible():
    assert confidence_sequence(0, 0) == (0, 1)
    low, high = confidence_sequence([0, 1000], 1000)
    assert (low[0], high[1]) == (0, 1)
    assert 0 < high[0] < 0.01
    assert low[1] == pytest.approx(1 - high[0])


@given(n=st.integers(0, 60), data=st.data(), half_width=st.sampled_from([0.05, 0.1, 0.2]))
@settings(max_examples=30)
def test_the_seeds_that_are_expected_are_the_first_that_are_enough(n, data, half_width):
    solved = data.draw(st.integers(0, n))
    more = seeds_until(solved, n, half_width)
    rate = (solved + 0.5) / (n + 1)

    def half(m: int) -> float:
        low, high = confidence_sequence(solved + rate * m, n + m)
        return (high - low) / 2

    assert half(more) <= half_width
    if more:
        assert half(more - 1) > half_width


def test_the_expected_seeds_are_about_those_that_are_used():
    generator = np.random.default_rng(2)
    expected = 20 + seeds_until(14, 20, 0.1)
    used = []
    for _ in range(80):
        solved = 14 + np.cumsum(generator.random(1000) < 0.7)
        low, high = confidence_sequence(solved, 20 + np.arange(1, 1001))
        used.append(21 + np.argmax((high - low) / 2 <= 0.1))
    assert np.mean(used) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: confidence_sequence(3, 2), "0 <= solved <= n"),
        (lambda: confidence_sequence(1, 2, prior=0), "prior=0"),
        (lambda: confidence_sequence(1, 2, confidence=1), "confidence=1"),
        (lambda: seeds_until(1, 2, 0.5), "half_width=0.5"),
    ],
)
def test_impossible_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
