"""How far a sweep is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from xorlab.analysis.counts import counted, duration

_PLAIN_FIRST, _PLAIN_EVERY = 2.0, 5.0  # seconds: short sweeps print no line


class SweepProgress:
    """Counts outcomes, and shows them while the sweep runs.

    Args:
        console: where to show.
        total: runs to train.
        skipped: runs that were finished before, beside those.
        unit: what one of them is called.
    """

    def __init__(self, console: Console, total: int, skipped: int, unit: str = "run") -> None:
        self._unit = unit
        self.outcomes: Counter[str] = Counter()
        self._console = console
        self._total = total
        self._skipped = skipped
        self._began = time.monotonic()
        self._next_line = self._began + _PLAIN_FIRST
        self._bar: Progress | None = None

    def __enter__(self) -> SweepProgress:
        if self._console.is_terminal and self._total:
            self._bar = Progress(
                SpinnerColumn(),
                BarColumn(bar_width=16),
                TimeElapsedColumn(),  # goes on where a run hangs and nothing else does
                TextColumn("{task.description}"),
                console=self._console,
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(self._line(), total=self._total)
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def add(self, outcomes: Counter[str]) -> None:
        """Count what became of some runs."""
        self.outcomes += outcomes
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, description=self._line())
        elif time.monotonic() > self._next_line and self.done < self._total:
            self._next_line = time.monotonic() + _PLAIN_EVERY
            self._console.print(self._line(), highlight=False)

    @property
    def done(self) -> int:
        """How many runs have ended."""
        return self.outcomes.total()

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self._began

    def _line(self) -> str:
        # Of this start alone, like the rate: what was finished before comes apart, at the end.
        left = " left to train" if self._skipped else ""
        parts = [f"{self.done:,}/{counted(self._total, self._unit)}{left}"]
        parts.append(f"{self.outcomes['solved']:,} solved")
        if self.outcomes["failed"]:
            parts.append(f"{self.outcomes['failed']:,} failed")
        if self.done:
            rate = self.done / max(self.seconds, 1e-9)
            parts += [
                f"{rate:,.{0 if rate >= 10 else 1}f} {self._unit}s/s",
                f"{duration((self._total - self.done) / rate)} left",
            ]
        before = f"; {self._skipped:,} skipped (finished before)" if self._skipped else ""
        return ", ".join(parts) + before
