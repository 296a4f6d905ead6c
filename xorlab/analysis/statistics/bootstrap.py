"""Bootstrap resamples of runs, the same for every setting with the same number of runs.

A resample of n runs is n counts, one per run. They are assigned to the runs in ascending order of
their times, so an interval depends on the setting's own runs, on n and on the seed, but not on
the order of the runs or on the other settings of a table.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000
# Counts in a block: it fits into the second-level cache together with its cumulative sums.
_BLOCK = 60_000


def counts_in_blocks(
    n: int, resamples: int = RESAMPLES, seed: int = 0, stream: int = 0, width: int | None = None
) -> Iterator[npt.NDArray[np.float64]]:
    """How often each of n runs occurs in each resample.

    Args:
        n: number of runs.
        resamples: number of resamples.
        seed: of the generator, together with ``n`` and ``stream``.
        stream: a number that makes resamples of two settings independent of each other.
        width: most resamples in a block; None for what fits the processor's cache. It does not
            change the counts.

    Yields:
        (R, n) counts; each row adds up to n, and R over all blocks to ``resamples``.

    Raises:
        ValueError: fewer than 100 resamples, too few for the ends of an interval.
    """
    if resamples < 100:
        raise ValueError(f"resamples={resamples}: must be at least 100")
    generator = np.random.default_rng([seed, n, stream])
    done = 0
    width = width or max(1, _BLOCK // n)
    while done < resamples:
        count = min(width, resamples - done)
        drawn = generator.integers(0, n, size=(count, n), dtype=np.int64)
        drawn += n * np.arange(count)[:, None]
        counted = np.bincount(drawn.ravel(), minlength=n * count)
        yield counted.reshape(count, n).astype(np.float64)
        done += count
