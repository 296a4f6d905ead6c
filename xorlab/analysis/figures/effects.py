"""The success rate by one key at a time, over all values of the others."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.style import COLOURS, cut
from xorlab.analysis.labels import short

_MOST_LEVELS = 6  # values of a key that are written below its panel
_PANEL = 100.0  # points, the width of one of three panels beside one another
_LETTER, _GAP = 4.4, 5.0  # points: of a letter below a panel, and between two texts
_LONGEST_LEVEL, _LONGEST_TURNED = 20, 14  # letters


def effects(tables: Mapping[str, pd.DataFrame], ax: Sequence[Axes]) -> None:
    """The success rate by each key alone, one panel for each.

    Args:
        tables: from `xorlab.convergence`, by one key each, under the name of the key.
        ax: as many Axes as keys.
    """
    for panel, (name, table) in zip(ax, tables.items(), strict=False):
        values = 100 * table[["rate", "rate_low", "rate_high"]].to_numpy(float)
        x = np.arange(len(table))
        panel.vlines(x, values[:, 1], values[:, 2], color=COLOURS[0], lw=2.4, alpha=0.55)
        panel.plot(x, values[:, 0], "o-", color=COLOURS[0], ms=4.5, lw=0.8)
        every = -(-len(table) // _MOST_LEVELS)
        texts = [short(value) for value in table[name]][::every]
        crowded = _crowded(texts, _PANEL * every / len(table))
        labels = [cut(text, _LONGEST_TURNED if crowded else _LONGEST_LEVEL) for text in texts]
        panel.set_xticks(
            x[::every],
            labels,
            rotation=35 if crowded else 0,
            ha="right" if crowded else "center",
            rotation_mode="anchor",
        )
        panel.set_xlim(-0.5, len(table) - 0.5)
        panel.set_ylim(-3, 103)
        panel.set_title(cut(name, 24), fontsize=8, weight="normal")
        panel.tick_params(labelsize=7.5)
        panel.grid(axis="y", color="#808080", alpha=0.25, lw=0.6)


def _crowded(texts: Sequence[str], apart: float) -> bool:
    """Whether neighbours among texts below an axis, so many points apart, need more room."""
    pairs = itertools.pairwise(texts)
    return any(_LETTER * (len(a) + len(b)) / 2 + _GAP > apart for a, b in pairs)
