"""Which columns of a table of runs make its settings, and how a setting is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from xorlab.analysis.column_names import NETWORK_KEY, SETTING, TRAINER

MISSING = "-"  # stands for the value of a key that a setting does not have


def settings_columns(runs: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """The keys that have more than one value among the runs.

    A key that follows from another key is left out: ``optimizer.lr`` does where every run with
    one ``optimizer`` has the same step size.

    Args:
        runs: from `xorlab.load_runs`.
        keys: of a configuration, without the seed, as the columns are called.

    Returns:
        names of columns. Where all runs share one setting it is the first key that they have, so
        that there is a column to group by; empty where they have none of the keys.
    """
    known = [key for key in keys if key in runs]
    varied = [key for key in known if len(runs[key].unique()) > 1]
    return [key for key in varied if not _follows(runs, key, known)] or known[:1]


def shared_settings(runs: pd.DataFrame, keys: Sequence[str]) -> dict[str, Any]:
    """The keys that have the same value in all runs, with that value."""
    set_in_all = [key for key in keys if key in runs and len(runs) and runs[key].notna().all()]
    return {key: runs[key].iloc[0] for key in set_in_all if len(runs[key].unique()) == 1}


def _follows(runs: pd.DataFrame, key: str, keys: Sequence[str]) -> bool:
    """Whether ``optimizer``, if the key is ``optimizer.lr``, decides its value in these runs.

    So does the trainer, for keys that not every trainer has.
    """
    group, dot, _ = key.partition(".")
    deciding = [group] if dot else []
    deciding += [TRAINER] if key != TRAINER and runs[key].isna().any() else []
    return any(
        all(len(values.unique()) == 1 for _, values in runs.groupby(one, dropna=False)[key])
        for one in deciding
        if one in keys
    )


def with_missing_named(runs: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A copy in which a key that only some runs have is a dash in the others: a setting too."""
    partly = [name for name in by if runs[name].isna().any()]
    return runs.assign(**{name: runs[name].map(_or_dash) for name in partly})


def loss_label(runs: pd.DataFrame) -> str:
    """What the loss of these runs is: of networks the mean squared error, of others unknown."""
    known = NETWORK_KEY in runs and bool(runs[NETWORK_KEY].notna().all())
    return "mean squared error" if known else "loss"


def headers(by: Sequence[str]) -> list[str]:
    """Short names of keys: their last parts, or all of it where two would be the same."""
    last = [name.rpartition(".")[2] for name in by]
    return [own if last.count(own) == 1 else name for own, name in zip(last, by, strict=True)]


def setting_label(row: Mapping[Any, Any], by: Sequence[str]) -> str:
    """A setting in one line with short names of its keys, such as ``hidden=2, lr=0.5``.

    Keys that the setting does not have are left out; where it has none of them, it is
    ``without lr``.
    """
    names = [(short_name, row[name]) for short_name, name in zip(headers(by), by, strict=True)]
    own = [(name, value) for name, value in names if _or_dash(value) != MISSING]
    return _line(own) or f"without {', '.join(name for name, _ in names)}"


def in_order(values: Iterable[Any], texts_sorted: bool = False) -> list[Any]:
    """Values of a key as a table or an axis has them: numbers by size, then texts, then a dash.

    Numbers may be written as text, as they are beside a dash.

    Args:
        values: different ones.
        texts_sorted: whether texts are sorted too, and do not keep the order in which they come.
    """

    def place(value: Any) -> tuple[int, Any]:
        if _or_dash(value) == MISSING:
            return 2, ""
        try:
            return 0, float(value)
        except (TypeError, ValueError):
            return 1, str(value) if texts_sorted else ""

    return sorted(values, key=place)


def whole_label(setting: Mapping[Any, Any]) -> str:
    """A setting in one line with its keys in full, such as ``network.hidden=2``."""
    return _line(setting.items())


def group_label(by: str, value: object, n: int) -> str:
    """One value of a key with its number of runs, for a legend."""
    return f"{line_label(by, value)} (n = {n:,})"


def line_label(by: str, value: object) -> str:
    """One value of a key, such as ``lr=0.5`` or ``without lr``; a setting as it is written."""
    name, text = by.rpartition(".")[2], _or_dash(value)
    if by == SETTING:
        return str(value)
    return f"{name}={text}" if text != MISSING else f"without {name}"


def short(value: object) -> str:
    """A value as text; a float with at most six significant digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _line(parts: Iterable[tuple[object, object]]) -> str:
    return ", ".join(f"{name}={short(value)}" for name, value in parts)


def _or_dash(value: object) -> str:
    missing = value is None or value is pd.NA or value != value  # NaN != NaN
    return MISSING if missing else short(value)
