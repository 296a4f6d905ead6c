"""Numbers of things and times, as every text writes them."""

from __future__ import annotations

import pytest

from xorlab.analysis.counts import counted, duration


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (12000, "12,000 runs")]
)
def test_a_number_of_things(number, text):
    assert counted(number, "run") == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (0.2, "1 s"), (89, "89 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_a_time(seconds, text):
    assert duration(seconds) == text
