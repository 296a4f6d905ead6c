"""Progress: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import time
from collections import Counter

import pytest
from rich.console import Console

from xorlab import configure
from xorlab.analysis.counts import WITH_ERROR
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.jobs import catalogued
from xorlab.sweeps.plan.plan import Shard
from xorlab.sweeps.progress import SweepProgress
from xorlab.sweeps.time_left import TimeLeft


def test_a_terminal_shows_a_live_line_and_leaves_nothing_behind():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    left = TimeLeft(10, workers=1)
    with SweepProgress(console, total=10, skipped=3, left=left) as progress:
        left.trained(0.5)
        left.add(6, 6)
        left.trained(0.5)
        progress.add(Counter(solved=4, unsolved=1, **{WITH_ERROR: 1}))
    shown = screen.getvalue()
    assert "6/10 runs left to train, 4 solved, 1 with an error, " in shown
    assert "s left; 3 recorded before" in shown
    assert progress.done == 6


def test_no_time_is_promised_while_results_stay_away(monkeypatch):
    out, began = io.StringIO(), time.monotonic()
    composed = [(f"seed={n}",) for n in range(10)]
    jobs = catalogued(composed, [configure(*overrides) for overrides in composed], TRAINER)
    pieces = [(Shard(jobs[:4]),), (Shard(jobs[4:]),)]

    def after(seconds: float) -> None:
        monkeypatch.setattr("xorlab.sweeps.progress.time.monotonic", lambda: began + seconds)

    left = TimeLeft(10, workers=1)
    with SweepProgress(Console(file=out, width=200), total=10, skipped=0, left=left) as progress:
        assert len(list(progress.watched((piece, None) for piece in pieces))) == 2
        after(3)
        progress.ended(pieces[0])
        left.trained(1.0)
        left.add(4, 4)
        left.trained(1.0)
        progress.add(Counter(solved=4))
        after(6)
        progress.tick()
        after(60)
        progress.tick()
    first, second = out.getvalue().splitlines()
    assert first.endswith("s left")
    assert second == (
        "4/10 runs, 4 solved, no result for 57 s; running for longest: seed=4 and 5 more"
    )


def test_elsewhere_lines_are_plain_and_not_too_many(monkeypatch):
    out = io.StringIO()
    console = Console(file=out, width=100)
    with SweepProgress(console, total=100, skipped=0, left=TimeLeft(100, 1)) as progress:
        for _ in range(50):
            progress.add(Counter(solved=1))
        assert out.getvalue() == ""
        later = time.monotonic() + 2.5  # a first line soon, the next ones less often
        monkeypatch.setattr("xorlab.sweeps.progress.time.monotonic", lambda: later)
        progress.add(Counter(unsolved=1))
        progress.add(Counter(unsolved=1))
    assert out.getvalue().startswith("51/100 runs, 50 solved\n")
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("took", [2.0, 0.0])
def test_the_time_left_is_that_of_training_whatever_the_start_took(took, monkeypatch):
    now = 100.0
    monkeypatch.setattr("xorlab.sweeps.time_left.time.monotonic", lambda: now)
    left = TimeLeft(total=40.0, workers=2)  # twenty pieces of two seconds each, on two workers
    assert left.seconds is left.rate is None
    known = []
    for piece in range(6):  # 9 s until workers train, then two pieces in two seconds
        now = 111.0 + 2 * (piece // 2)
        left.trained(took)
        left.add(2.0, 10)
        known.append(left.seconds is not None)
    # Not known before every worker has had time for a piece.
    assert known == ([False, False, True, True, True, True] if took else 4 * [False] + 2 * [True])
    assert left.seconds == pytest.approx(14.0)
    assert left.rate == pytest.approx(10.0)
    now = 116.5  # it falls while no result comes
    assert left.seconds == pytest.approx(12.5)
