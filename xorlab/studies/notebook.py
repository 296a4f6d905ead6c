"""The notebook that xorlab started from: one 2-2-1 network that learns XOR in 10,000 epochs.

Its preset is the default configuration with seed 42. The notebook prints ten losses and the four
outputs at the end, which the same training reproduces but for rounding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from xorlab.studies.replication.study import Study

# The first of the ten losses belongs to the initial weights; the notebook counts from 1.
LOSSES = (
    0.287974821321425, 0.24943329766543199, 0.24567537147115226, 0.21996241841579695,
    0.1621992454420141, 0.05270887579146114, 0.016926012420416685, 0.00891778531419988,
    0.00584454666369325, 0.0042817900236595905,
)  # fmt: skip
PREDICTIONS = (0.06028403, 0.9444784, 0.9443732, 0.05996465)
# Sums in another order differ in the last digits after ten thousand epochs.
_LOSS_TOLERANCE = 1e-12  # relative
_DIGITS = 8  # of the printed predictions

NOTEBOOK = Study("notebook", "the notebook", networks=1, published=(), small=(), order=0)
STUDIES = (NOTEBOOK,)

# Quantity, published, measured, and whether they agree.
NotebookRow = tuple[str, str, str, bool]


def notebook_rows(losses: npt.ArrayLike, predictions: npt.ArrayLike) -> list[NotebookRow]:
    """The notebook's printed numbers beside those of our run.

    Losses agree if their relative difference is at most 1e-12, predictions if they are equal to
    their printed digits.

    Args:
        losses: (10,) at epochs 0, 1000, ... 9000.
        predictions: (4,) after 10,000 epochs, in the order of the patterns.

    Returns:
        for the losses and for the predictions: quantity, published, measured, whether they agree.
    """
    ours, outputs = np.ravel(losses), np.ravel(predictions)
    off = float(np.max(np.abs(ours / np.array(LOSSES) - 1)))
    ends = f"{float(ours[0])!r} ... {float(ours[-1])!r}"
    same = np.array_equal(np.round(outputs, _DIGITS), np.array(PREDICTIONS))
    return [
        (
            "ten losses",
            f"{LOSSES[0]!r} ... {LOSSES[-1]!r}",
            f"{ends}, at most {off:.0e} of itself off",
            off <= _LOSS_TOLERANCE,
        ),
        (
            "four predictions",
            ", ".join(map(str, PREDICTIONS)),
            ", ".join(f"{value:.8g}" for value in outputs),
            same,
        ),
    ]
