"""How long a sweep will still take, from the speed at which it trains and records."""

from __future__ import annotations

import time


class TimeLeft:
    """The time left, once every worker has had time for a result.

    What passes before workers train (they start, and import what they need) does not count.

    Args:
        total: all the work, in any unit that is proportional to the time it takes.
        workers: how many pieces of it are done at a time.
    """

    def __init__(self, total: float, workers: int) -> None:
        self._total, self._workers = total, workers
        self._done, self._runs, self._results = 0.0, 0, 0
        self._last = 0.0
        # When the speed began to be measured, and what had been done by then.
        self._began: float | None = None
        self._before = (0.0, 0, 0)

    def add(self, work: float, runs: int, took: float = 0.0) -> None:
        """Count a piece that a worker has just done.

        Args:
            work: of the total.
            runs: how many runs it has.
            took: seconds from its beginning to its end; 0 if unknown: the speed is then measured
                from when every worker may have done one piece.
        """
        self._last = time.monotonic()
        self._done, self._runs = self._done + work, self._runs + runs
        self._results += 1
        if self._began is not None:
            return
        if took:
            self._began = self._last - took
        elif self._results >= self._workers:
            self._began, self._before = self._last, (self._done, self._runs, self._results)

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
        if self._began is None or self._results - self._before[2] < self._workers:
            return None
        return max(self._last - self._began, 1e-9)
