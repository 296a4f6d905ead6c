"""Resampling of runs, seeded and the same for every setting of the same size.

A resample of n runs is n counts, one per run, and the counts go to the runs in the order of their
times. So what a setting's interval is depends on its own runs, on n and on the seed: neither on
the order of the runs nor on the other settings of a table. Runs, and nothing else, are resampled.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000
# A block of counts stays within the second-level cache beside its running sums.
_BLOCK = 60_000


def counts_in_blocks(
    n: int, resamples: int = RESAMPLES, seed: int = 0, stream: int = 0, width: int | None = None
) -> Iterator[npt.NDArray[np.float64]]:
    """How often each of n runs occurs in each resample of n.

    Args:
        n: number of runs.
        resamples: how many resamples.
        seed: of the generator, with ``n`` and ``stream``.
        stream: tells apart samples that are resampled beside one another.
        width: of a block, at most; None for one that suits the processor. The counts do not
            depend on it.

    Yields:
        (R, n) counts, each row adding up to n; the R of all blocks add up to ``resamples``.

    Raises:
        ValueError: fewer than 100 resamples: no end of an interval can be read off.
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
