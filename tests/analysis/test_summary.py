"""The headline of a summary: the seconds are those of the runs that were trained in them."""

from __future__ import annotations

import pytest

from tests.analysis.samples import table
from xorlab.analysis.summary import headline

RUNS = table({0.5: [1, 2, None]}, status="FINISHED")
COUNTS = "2 solved, 1 unsolved, 0 diverged"


@pytest.mark.parametrize(
    ("seconds", "skipped", "told"),
    [
        (None, 0, f"3 runs: {COUNTS}"),
        (1.23, 0, f"3 runs in 1.2 s: {COUNTS}"),
        (1.23, 2, f"3 runs: {COUNTS}; 1 trained in 1.2 s, 2 skipped (finished before)"),
        (0.0, 3, f"3 runs: {COUNTS}; none trained, 3 skipped (finished before)"),
        (None, 2, f"3 runs: {COUNTS}; 1 trained, 2 skipped (finished before)"),
    ],
)
def test_a_headline_tells_what_was_trained_now_and_what_before(seconds, skipped, told):
    assert headline(RUNS, seconds, skipped) == told
