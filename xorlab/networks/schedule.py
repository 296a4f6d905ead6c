"""The steps at which the loss is recorded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOG_POINTS = 190  # steps on the log scale; the tenths come on top


def record_steps(epochs: int, record_every: int | None = None) -> npt.NDArray[np.int64]:
    """(R,) the steps from 0 to ``epochs``, both included, at which the loss is recorded, ascending.

    Args:
        epochs: the last step.
        record_every: distance between recorded steps; None for about 200 steps, spaced evenly on
            a log scale, and every tenth of ``epochs``.
    """
    if record_every is not None:
        steps = np.arange(0, epochs + 1, record_every)
    elif epochs <= LOG_POINTS:
        steps = np.arange(epochs + 1)
    else:
        tenths = np.arange(11) * epochs // 10
        spaced = np.rint(np.geomspace(1, epochs, LOG_POINTS)).astype(np.int64)
        # Rounding repeats small steps; a second, finer pass makes up for the points lost.
        missing = LOG_POINTS - len(np.unique(spaced))
        spaced = np.rint(np.geomspace(1, epochs, LOG_POINTS + 2 * missing)).astype(np.int64)
        steps = np.concatenate([tenths, spaced])
    return np.unique(np.concatenate([[0], steps, [epochs]])).astype(np.int64)
