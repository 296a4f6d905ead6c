"""What tells the settings of a table of runs apart, and how a setting is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from xorlab.config import LEAVES

_NO_SETTING = ("seed", "plan")
_SCIENCE = [
    key.removesuffix(".name")
    for key, group, _, _ in LEAVES
    if group != "tracking" and key not in _NO_SETTING
]


def settings_columns(runs: pd.DataFrame) -> list[str]:
    """The science keys, without the seed, that have more than one value among the runs.

    Where all runs share one setting: the task, so that there is a column to group by.
    """
    varied = [key for key in _SCIENCE if key in runs and runs[key].nunique(dropna=False) > 1]
    return varied or ["task"]


def with_missing_named(runs: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A copy in which a key that only some runs have is a dash in the others: a setting too."""
    partly = [name for name in by if runs[name].isna().any()]
    return runs.assign(**{name: runs[name].map(_or_dash) for name in partly})


def setting_label(row: Mapping[Any, Any], by: Sequence[str]) -> str:
    """A setting in a line, such as ``hidden=2, lr=0.5``."""
    return ", ".join(f"{name.rpartition('.')[2]}={short(row[name])}" for name in by)


def short(value: object) -> str:
    """One value as a person would write it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _or_dash(value: object) -> str:
    return "-" if pd.isna(value) else short(value)
