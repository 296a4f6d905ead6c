"""Progress: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import time
from collections import Counter

from rich.console import Console

from xorlab.sweeps.progress import SweepProgress


def test_a_terminal_shows_a_live_line_and_leaves_nothing_behind():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with SweepProgress(console, total=10, skipped=3) as progress:
        progress.add(Counter(solved=4, unsolved=1, failed=1))
    shown = screen.getvalue()
    assert "6/10 runs left to train, 4 solved, 1 failed, " in shown
    assert "s left; 3 skipped (finished before)" in shown
    assert progress.done == 6


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
