"""A summary: its headline, and that it agrees with the statistics."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.samples import table
from xorlab.analysis.report.findings import findings
from xorlab.analysis.report.html import report_html
from xorlab.analysis.report.summary import headline, summarise
from xorlab.analysis.statistics.convergence import convergence
from xorlab.tracking.read.frames import curves_frame

RUNS = table({0.5: [1, 2, None]}, status="FINISHED")
KEYS = ("task", "optimizer", "optimizer.lr", "training.epochs")
COUNTS = "2 solved, 1 unsolved, 0 diverged"


@pytest.mark.parametrize(
    ("seconds", "skipped", "expected"),
    [
        (None, 0, f"3 runs: {COUNTS}"),
        (1.23, 0, f"3 runs in 1.2 s: {COUNTS}"),
        (1.23, 2, f"3 runs: {COUNTS}; 1 trained in 1.2 s, 2 skipped (finished before)"),
        (0.0, 3, f"3 runs: {COUNTS}; none trained, 3 skipped (finished before)"),
        (None, 2, f"3 runs: {COUNTS}; 1 trained, 2 skipped (finished before)"),
    ],
)
def test_a_headline_counts_runs_trained_now_and_before(seconds, skipped, expected):
    assert headline(RUNS, seconds, skipped) == expected


def test_a_summary_agrees_with_the_statistics_of_the_whole_table():
    runs = table({0.5: [1, 2, None], 2.0: [3, None, None]}, status="FINISHED").assign(
        task="xor", run_id=[f"{n:032x}" for n in range(6)], comment="unused", final_loss=0.25
    )
    summary = summarise(runs, curves_frame([]), "a headline", KEYS)
    assert summary.by == ["optimizer.lr"]
    assert summary.shared == {"task": "xor", "training.epochs": 40}
    pd.testing.assert_frame_equal(summary.settings, convergence(runs, by=summary.by))
    assert list(summary.findings) == findings(runs, summary.settings, summary.by)
    assert summary.figures.keys() == {"success.png", "survival.png", "ert.png"}
    pd.testing.assert_frame_equal(summary.runs, runs)


def test_a_key_that_follows_from_a_choice_does_not_make_a_setting():
    runs = table({0.5: [1, 2], 2.0: [3, None]}, status="FINISHED")
    runs["optimizer"] = runs["optimizer.lr"].map({0.5: "gd", 2.0: "rprop"})
    assert summarise(runs, curves_frame([]), "", KEYS, drawn=False).by == ["optimizer"]
    runs.loc[0, "optimizer.lr"] = 1.0
    by = summarise(runs, curves_frame([]), "", KEYS, drawn=False).by
    assert by == ["optimizer", "optimizer.lr"]


def test_runs_that_differ_by_their_seeds_alone_are_one_setting():
    runs = RUNS.assign(run_id=["a", "b", "c"], name=["x", "y", "z"])
    assert summarise(runs, curves_frame([]), "", KEYS, drawn=False).by == ["optimizer.lr"]
    summary = summarise(runs, curves_frame([]), "", keys=())
    assert summary.settings["setting"].tolist() == ["all runs"]
    assert '<td class="left">all runs</td><td>3</td>' in report_html("", summary, {}).decode()
