"""How long a sweep will still take, from the speed at which it trains and records."""

from __future__ import annotations

import time


class TimeLeft:
    """The time left, once every worker has had time for a piece of the work.

    What passes before workers train (they start, and import what they need) does not count.

    Args:
        total: all the work, in any unit that is proportional to the time it takes.
        workers: how many pieces of it are done at a time.
    """

    def __init__(self, total: float, workers: int) -> None:
        self._total, self._workers = total, workers
        self._done, self._runs, self._pieces = 0.0, 0, 0
        self._last = 0.0
        # When the speed began to be measured, and what had been done by then.
        self._began: float | None = None
        self._before = (0.0, 0, 0)

    def trained(self, seconds: float = 0.0) -> None:
        """A worker has just trained a piece, which is not recorded yet.

        Args:
            seconds: that this took; 0 if unknown. The speed is measured from the beginning of the
                first piece where that is known, else from when each worker has done one.
        """
        if self._began is None and (seconds or self._pieces >= self._workers):
            self._began = time.monotonic() - seconds if seconds else self._last
            self._before = (self._done, self._runs, self._pieces)
        self._pieces += 1

    def add(self, work: float, runs: int) -> None:
        """Count what is recorded: a part of the total, and how many runs."""
        self._last = time.monotonic()
        self._done, self._runs = self._done + work, self._runs + runs

    @property
    def seconds(self) -> float | None:
        """Until all is done; None while that is not known."""
        done, elapsed = self._done - self._before[0], self._elapsed
        if elapsed is None or done <= 0:
            return None
        left = elapsed * (self._total - self._done) / done
        return max(0.0, left - (time.monotonic() - self._last))

    @property
    def rate(self) -> float | None:
        """Runs per second; None while that is not known."""
        elapsed = self._elapsed
        return None if elapsed is None else (self._runs - self._before[1]) / elapsed

    @property
    def _elapsed(self) -> float | None:
        """Seconds over which the speed was measured; None while they are too few."""
        if self._began is None or self._pieces - self._before[2] <= self._workers:
            return None  # some worker's first piece may not be recorded
        return max(self._last - self._began, 1e-9)
