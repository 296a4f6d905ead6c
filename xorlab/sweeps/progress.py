"""How far a sweep is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from xorlab.analysis.counts import WITH_ERROR, counted, duration

if TYPE_CHECKING:
    from xorlab.sweeps.plan.plan import Shard
    from xorlab.sweeps.time_left import TimeLeft

Shards: TypeAlias = "tuple[Shard, ...]"
T = TypeVar("T")

_PLAIN_FIRST, _PLAIN_EVERY = 2.0, 5.0  # seconds: short sweeps print no line
_QUIET_EVERY = 30.0  # seconds between lines while no result comes
_LEAST_QUIET, _LONG_FIRST = 5.0, 20.0  # seconds: pauses, after a result and before any


class SweepProgress:
    """Counts outcomes, and shows them while the sweep runs.

    Args:
        console: where to show.
        total: runs to train.
        skipped: runs that were recorded before, beside those.
        left: knows the time left, from what `ended` is given.
        unit: what one of them is called.
    """

    def __init__(
        self, console: Console, total: int, skipped: int, left: TimeLeft, unit: str = "run"
    ) -> None:
        self._unit, self._left = unit, left
        self.outcomes: Counter[str] = Counter()
        self._console = console
        self._total = total
        self._skipped = skipped
        self._began = time.monotonic()
        self._next_line = self._began + _PLAIN_FIRST
        self._last, self._longest = self._began, 0.0  # of the results: the last one, the pauses
        self._running: dict[Shards, None] = {}  # in the order in which they were dispatched
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
        now = time.monotonic()
        self._longest, self._last = max(self._longest, now - self._last), now
        self.outcomes += outcomes
        self._show()

    def watched(self, works: Iterator[tuple[Shards, T]]) -> Iterator[tuple[Shards, T]]:
        """The same works; each counts as running from here on until `ended`."""
        for shards, work in works:
            self._running[shards] = None
            yield shards, work

    def ended(self, shards: Shards) -> None:
        """These do not run any more."""
        self._running.pop(shards, None)

    def tick(self) -> None:
        """Show how time passes; called while results may be long in coming."""
        if self._bar is not None or self._overdue():
            self._show()

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, description=self._line())
        elif time.monotonic() > self._next_line and self.done < self._total:
            pause = _QUIET_EVERY if self._overdue() else _PLAIN_EVERY
            self._next_line = time.monotonic() + pause
            self._console.print(self._line(), highlight=False)

    def _overdue(self) -> bool:
        """Whether no result has come for so long that nothing is known of the time left."""
        quiet, before = time.monotonic() - self._last, self._last - self._began
        if not self.done:
            return quiet > _LONG_FIRST
        predicted = (self._total - self.done) * before / self.done
        usual = max(_LEAST_QUIET, 3 * self._longest, before / 2)
        return quiet > min(usual, max(_LEAST_QUIET, predicted))

    def _oldest(self) -> str:
        """What has been running for longest, as far as it is known."""
        first = next(iter(self._running), ())
        if not first:
            return ""
        more = sum(len(shard.jobs) for shard in first) - 1
        beside = f" and {more:,} more" if more else ""
        return f"; running for longest: {first[0].jobs[0].label}{beside}"

    @property
    def done(self) -> int:
        """How many runs have ended."""
        return self.outcomes.total()

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self._began

    def _line(self) -> str:
        # Of this start alone, like the rate: what was recorded before comes apart, at the end.
        left = " left to train" if self._skipped else ""
        parts = [f"{self.done:,}/{counted(self._total, self._unit)}{left}"]
        parts.append(f"{self.outcomes['solved']:,} solved")
        if self.outcomes[WITH_ERROR]:
            parts.append(f"{self.outcomes[WITH_ERROR]:,} {WITH_ERROR}")
        if self._overdue():
            quiet = duration(time.monotonic() - self._last)
            parts.append(f"no result for {quiet}{self._oldest()}")
        elif (rate := self._left.rate) and (seconds := self._left.seconds) is not None:
            parts += [
                f"{rate:,.{0 if rate >= 10 else 1}f} {self._unit}s/s",
                f"{duration(max(seconds, 1.0))} left",
            ]
        before = f"; {self._skipped:,} recorded before" if self._skipped else ""
        return ", ".join(parts) + before
