"""Curves of networks that were recorded at the same steps, and ended at different ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.trainers.shard_result import Curves

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def cut(
    steps: Integers,
    recorded: Floats,
    last: Floats,
    ended: Integers,
    diverged: npt.NDArray[np.bool_],
) -> Curves:
    """The recorded values, cut where a network ended; one that did not diverge has its last.

    Args:
        steps: (R,) at which values were recorded.
        recorded: (R, N) values; those after a network ended do not count.
        last: (N,) values where the networks ended.
        ended: (N,) steps at which they did.
        diverged: (N,) whether they diverged there.
    """
    gone = diverged | (ended < steps[-1])
    shared = np.where(gone, np.searchsorted(steps, ended), len(steps))
    early = np.flatnonzero(gone & ~diverged)
    recorded[-1] = last
    recorded[shared[early], early] = last[early]
    extra_counts = np.zeros(len(ended), np.int64)
    extra_counts[early] = 1
    has_point = np.arange(len(steps)) < (shared + extra_counts)[:, None]
    return Curves(steps, shared, ended[early], extra_counts, recorded.T[has_point])
