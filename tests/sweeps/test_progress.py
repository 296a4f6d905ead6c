"""Progress: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import time
from collections import Counter

from rich.console import Console

from xorlab import configure
from xorlab.analysis.counts import WITH_ERROR
from xorlab.networks.trainer import TRAINER
from xorlab.sweeps.plan.jobs import catalogued
from xorlab.sweeps.plan.plan import Shard
from xorlab.sweeps.progress import SweepProgress


def test_a_terminal_shows_a_live_line_and_leaves_nothing_behind():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with SweepProgress(console, total=10, skipped=3) as progress:
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

    with SweepProgress(Console(file=out, width=200), total=10, skipped=0) as progress:
        assert len(list(progress.watched((piece, None) for piece in pieces))) == 2
        after(3)
        progress.ended(pieces[0])
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
    with SweepProgress(console, total=100, skipped=0) as progress:
        for _ in range(50):
            progress.add(Counter(solved=1))
        assert out.getvalue() == ""
        later = time.monotonic() + 2.5  # a first line soon, the next ones less often
        monkeypatch.setattr("xorlab.sweeps.progress.time.monotonic", lambda: later)
        progress.add(Counter(unsolved=1))
        progress.add(Counter(unsolved=1))
    assert out.getvalue().startswith("51/100 runs, 50 solved, ")
    assert out.getvalue().count("\n") == 1
    assert "\x1b" not in out.getvalue()
