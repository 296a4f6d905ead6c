"""What tells the settings of a table of runs apart, and how a setting is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from xorlab.config.identity import CHOICES
from xorlab.config.schema import FIELDS

SETTING = "setting"  # a column of whole settings, already written as they are to be read
_NO_SETTING = ("seed", "plan")
_SCIENCE = [
    key.removesuffix(".name")
    for key, group, _, _ in FIELDS
    if group != "tracking" and key not in _NO_SETTING
]


def settings_columns(runs: pd.DataFrame) -> list[str]:
    """The science keys, without the seed, that have more than one value among the runs.

    A key that follows from a choice, as the defaults of an optimizer do, is no column beside it.
    Where all runs share one setting: the task, so that there is a column to group by.
    """
    varied = [key for key in _SCIENCE if key in runs and len(runs[key].unique()) > 1]
    return [key for key in varied if not _follows(runs, key)] or ["task"]


def shared_settings(runs: pd.DataFrame) -> dict[str, Any]:
    """The science keys, without the seed, that have one value among all runs, with that value."""
    there = [key for key in _SCIENCE if key in runs and len(runs) and runs[key].notna().all()]
    return {key: runs[key].iloc[0] for key in there if len(runs[key].unique()) == 1}


def _follows(runs: pd.DataFrame, key: str) -> bool:
    """Whether what is chosen in a key's group says what its value is."""
    group, dot, _ = key.partition(".")
    if not dot or group not in CHOICES or group not in runs:
        return False
    return all(len(values.unique()) == 1 for _, values in runs.groupby(group)[key])


def with_missing_named(runs: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A copy in which a key that only some runs have is a dash in the others: a setting too."""
    partly = [name for name in by if runs[name].isna().any()]
    return runs.assign(**{name: runs[name].map(_or_dash) for name in partly})


def setting_label(row: Mapping[Any, Any], by: Sequence[str]) -> str:
    """A setting in a line, such as ``hidden=2, lr=0.5``."""
    return _line((name.rpartition(".")[2], row[name]) for name in by)


def whole_label(setting: Mapping[Any, Any]) -> str:
    """A setting in a line with its keys as they are, such as ``network.hidden=2``."""
    return _line(setting.items())


def group_label(by: str, value: object, n: int) -> str:
    """One value of a key, a dash where it is missing, with its number of runs, for a legend."""
    named = str(value) if by == SETTING else f"{by.rpartition('.')[2]}={_or_dash(value)}"
    return f"{named} (n = {n})"


def short(value: object) -> str:
    """One value as a person would write it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _line(parts: Iterable[tuple[object, object]]) -> str:
    return ", ".join(f"{name}={short(value)}" for name, value in parts)


def _or_dash(value: object) -> str:
    return "-" if value is None or value is pd.NA or value != value else short(value)  # NaN != NaN
