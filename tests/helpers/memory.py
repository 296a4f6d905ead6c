"""How much memory a further run takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import NamedTuple


class BytesEach(NamedTuple):
    """Bytes for each further run: of what was made, and at the most while it was made."""

    held: float
    peak: float


def bytes_each(make: Callable[[int], object], fewer: int, more: int) -> BytesEach:
    """What is the same for any number of runs, such as a batch of a fixed size, does not count.

    Args:
        make: makes something of so many runs.
        fewer: runs of the one that is subtracted.
        more: runs of the other.
    """
    sizes = []
    for count in (fewer, more):
        tracemalloc.start()
        made = make(count)  # in memory while it is weighed
        sizes.append(tracemalloc.get_traced_memory())
        tracemalloc.stop()
        del made
    (held, peak), (more_held, more_peak) = sizes
    return BytesEach((more_held - held) / (more - fewer), (more_peak - peak) / (more - fewer))
