"""A summary: its headline, and that it says what the statistics say."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.samples import table
from xorlab.analysis.report.findings import claims
from xorlab.analysis.report.summary import headline, summarise
from xorlab.analysis.statistics.convergence import convergence
from xorlab.tracking.read.frames import curves_frame

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


def test_a_summary_says_what_the_statistics_say_of_the_whole_table():
    runs = table({0.5: [1, 2, None], 2.0: [3, None, None]}, status="FINISHED").assign(
        task="xor", run_id=[f"{n:032x}" for n in range(6)], note="of no use", final_loss=0.25
    )
    summary = summarise(runs, curves_frame([]), "told")
    assert summary.by == ["optimizer.lr"]
    pd.testing.assert_frame_equal(summary.settings, convergence(runs, by=summary.by))
    assert list(summary.claims) == claims(runs, summary.settings, summary.by)
    assert summary.figures.keys() == {"success.png", "survival.png", "ert.png"}
    pd.testing.assert_frame_equal(summary.runs, runs)
