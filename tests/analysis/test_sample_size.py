"""The seeds that a claim needs, checked by simulating the claim."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xorlab
from xorlab.analysis.statistics.intervals import newcombe, wilson
from xorlab.analysis.statistics.permutation import smallest_p


@given(
    half_width=st.floats(0.01, 0.4),
    rate=st.floats(0, 1),
    confidence=st.sampled_from([0.8, 0.95, 0.99]),
)
def test_it_is_the_first_number_whose_interval_is_narrow_enough(half_width, rate, confidence):
    seeds = xorlab.seeds_needed(half_width=half_width, rate=rate, confidence=confidence)

    def half(n: int) -> float:
        low, high = wilson(rate * n, n, confidence)
        return (high - low) / 2

    assert half(seeds) <= half_width + 1e-9
    if seeds > 1:
        assert half(seeds - 1) > half_width - 1e-9


@pytest.mark.parametrize("rates", [(0.5, 0.7), (0.75, 0.95), (0.1, 0.4), (0.9, 0.5), (0.05, 0.2)])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_so_many_seeds_tell_two_rates_apart_as_often_as_asked(rates, power):
    seeds = xorlab.seeds_needed(rates=rates, power=power)
    generator = np.random.default_rng(0)
    a, b = (generator.binomial(seeds, rate, 20_000) for rate in rates)
    low, high = newcombe(a, seeds, b, seeds)
    assert np.mean((low > 0) | (high < 0)) == pytest.approx(power, abs=0.05)


def test_two_rates_by_hand():
    """(1.95996 sqrt(2 0.65 0.35) + 0.84162 sqrt(0.24 + 0.21))^2 / 0.1^2 = 355.9."""
    assert xorlab.seeds_needed(rates=(0.6, 0.7)) == 356


@given(n=st.integers(1, 5), m=st.integers(1, 5))
def test_no_ranks_are_rarer_than_the_smallest_p(n, m):
    ways = len(list(itertools.combinations(range(n + m), n)))
    assert smallest_p(n, m) == pytest.approx(min(1, 2 / ways))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either half_width"),
        ({"half_width": 0.1, "rates": (0.1, 0.2)}, "either half_width"),
        ({"half_width": 0}, "half_width=0"),
        ({"half_width": 0.1, "rate": 1.2}, "rate=1.2"),
        ({"rates": (0.5, 0.5)}, "two different"),
        ({"rates": (0.5, 0.6), "power": 1}, "power=1"),
        ({"half_width": 0.1, "confidence": 95}, "confidence=95"),
    ],
)
def test_impossible_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        xorlab.seeds_needed(**arguments)
