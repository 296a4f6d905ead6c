"""What tells the settings of a table of runs apart, and how a setting is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from xorlab.config import LEAVES

SETTING = "setting"  # a column of whole settings, already written as they are to be read
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
    varied = [key for key in _SCIENCE if key in runs and len(runs[key].unique()) > 1]
    return varied or ["task"]


def with_missing_named(runs: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A copy in which a key that only some runs have is a dash in the others: a setting too."""
    partly = [name for name in by if runs[name].isna().any()]
    return runs.assign(**{name: runs[name].map(_or_dash) for name in partly})


def setting_label(row: Mapping[Any, Any], by: Sequence[str]) -> str:
    """A setting in a line, such as ``hidden=2, lr=0.5``."""
    return ", ".join(f"{name.rpartition('.')[2]}={short(row[name])}" for name in by)


def group_label(by: str, value: object, n: int) -> str:
    """One value of a key, with its number of runs, for a legend."""
    named = str(value) if by == SETTING else f"{by.rpartition('.')[2]}={short(value)}"
    return f"{named} (n = {n})"


def short(value: object) -> str:
    """One value as a person would write it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _or_dash(value: object) -> str:
    return "-" if value is None or value != value else short(value)  # NaN is not itself
