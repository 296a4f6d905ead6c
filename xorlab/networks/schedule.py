"""At which steps the loss is recorded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOG_POINTS = 190


def record_steps(epochs: int, record_every: int | None = None) -> npt.NDArray[np.int64]:
    """Steps from 0 to ``epochs``, both included, ascending.

    Args:
        epochs: the last step.
        record_every: every n-th step; None for about 200 steps, spaced evenly on a log scale,
            with every tenth of the whole among them.
    """
    if record_every is not None:
        steps = np.arange(0, epochs + 1, record_every)
    elif epochs <= LOG_POINTS:
        steps = np.arange(epochs + 1)
    else:
        tenths = np.arange(11) * epochs // 10
        spaced = np.rint(np.geomspace(1, epochs, LOG_POINTS)).astype(np.int64)
        # Log spacing repeats small steps; a second, finer pass makes up for what that loses.
        missing = LOG_POINTS - len(np.unique(spaced))
        spaced = np.rint(np.geomspace(1, epochs, LOG_POINTS + 2 * missing)).astype(np.int64)
        steps = np.concatenate([tenths, spaced])
    return np.unique(np.concatenate([[0], steps, [epochs]])).astype(np.int64)
