"""Draws of the data: the keys that draw it, and how much of it a draw holds out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xorlab.analysis.column_names import DRAWS
from xorlab.analysis.statistics.times import SEED

_UNKNOWN = 1.0  # ratio of a draw that holds out half of its patterns: rather too wide


def drawn_keys(runs: pd.DataFrame) -> list[str]:
    """The keys that draw the data, where that is not the same in all runs that have data."""
    known = [name for name in DRAWS if name in runs and SEED in runs]
    return [name for name in known if len(runs[name].dropna().unique()) > 1]


def held_out_ratio(runs: pd.DataFrame, draws: Sequence[str]) -> float:
    """The number of patterns that a draw holds out, divided by that of those it learns.

    Nadeau & Bengio (2003) add it to 1 / n in the variance of a mean over n draws, because the
    sets that are learned overlap. With k folds it is 1 / (k - 1).

    Args:
        runs: from `xorlab.load_runs`, on several draws of the data.
        draws: the keys that draw it.

    Returns:
        1 where the runs do not say how much is held out.
    """
    first = runs.dropna(subset=list(draws)).iloc[0]
    if pd.notna(first.get("task.fold")):
        return 1.0 / (float(first["task.folds"]) - 1.0) if "task.folds" in runs else _UNKNOWN
    validation, test = (float(first.get(f"task.{name}", 0.0)) for name in ("validation", "test"))
    learned = 1.0 - validation - test
    return (validation or test) / learned if (validation or test) and learned > 0 else _UNKNOWN
