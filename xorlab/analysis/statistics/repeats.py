"""Seeds that occur more than once in a setting: said by name, because such runs are dependent."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

from xorlab.analysis.column_names import DRAWS, TABLE, TRAINER
from xorlab.analysis.labels import whole_label
from xorlab.analysis.statistics.times import OBSERVED

_RESULTS = {
    "run_id",
    "name",
    "status",
    "sweep",
    "key",
    "solved",
    "accuracy",
    "near_targets",
    "started",
    "max_error",
    "seconds",
}
_MOST_NAMED = 5


class RepeatedSeedsWarning(UserWarning):
    """A seed occurs more than once among the runs that were counted as one setting."""


def repeated_seed(runs: pd.DataFrame, column: str) -> str | None:
    """Which seed occurs more than once in these runs, and in which keys those runs differ.

    Args:
        runs: of one setting.
        column: of the seeds.

    Returns:
        such as ``seed 0 occurs 3 times, in runs that differ in optimizer.lr``; None where no seed
        is repeated.
    """
    if column not in runs:
        return None
    counts = runs[column].value_counts(sort=False)
    repeated = counts[counts > 1]
    if repeated.empty:
        return None
    value = repeated.index.min()
    own = runs[runs[column] == value]
    differing = [
        name
        for name in map(str, own)
        if name != column and _is_key(runs, name) and len(own[name].astype(str).unique()) > 1
    ]
    if set(DRAWS) & set(differing):  # then each learned other patterns of the same table
        differing = [name for name in differing if name != TABLE]
    shown = ", ".join(differing[:_MOST_NAMED])
    more = f" and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""
    keys = f", in runs that differ in {shown}{more}" if differing else ""
    return f"{column} {value} occurs {repeated[value]} times{keys}"


def _is_key(runs: pd.DataFrame, name: str) -> bool:
    """Whether a column is a key of runs, as far as is known, and not one of their results."""
    if "params" in runs.attrs:  # those of `xorlab.load_runs`
        return name in runs.attrs["params"] or name in (TRAINER, TABLE)
    return name not in _RESULTS and name not in OBSERVED and not name.startswith("epochs_to_")


def warn_of_repeats(runs: pd.DataFrame, setting: Mapping[Any, Any], column: str) -> None:
    """Warn if a seed occurs more than once in a setting.

    Args:
        runs: of the setting.
        setting: the values that make it.
        column: of the seeds.
    """
    repeated = repeated_seed(runs, column)
    if repeated is not None:
        warnings.warn(
            f"{whole_label(setting)}: {repeated}. Runs of one {column} are not independent: they "
            f"count as one. Name those keys too, or say cluster={column!r} if pooling is meant",
            RepeatedSeedsWarning,
            stacklevel=3,
        )
