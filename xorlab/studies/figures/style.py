"""What the figures of studies share."""

from __future__ import annotations

import pandas as pd

from xorlab.analysis.figures.style import COLOURS

OURS, PAPER = COLOURS[0], COLOURS[3]  # colours of our runs and of published values


def count_range(n: pd.Series) -> str:
    """Numbers of networks for a title: one number, or the least to the largest."""
    low, high = int(n.min()), int(n.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
