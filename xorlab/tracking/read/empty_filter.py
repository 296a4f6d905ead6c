"""Why a filter finds no run: which of its names and values the runs do not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xorlab.analysis.counts import counted
from xorlab.analysis.labels import short
from xorlab.config.messages import nearest

if TYPE_CHECKING:
    import pandas as pd

_NAMED = re.compile(r"\b(param|metric|tag)\w*\.(?:`([^`]+)`|\"([^\"]+)\"|([\w.]+))", re.I)
_COLUMNS = {"xorlab.outcome": "outcome", "xorlab.sweep": "sweep", "xorlab.key": "key"}
_MOST_VALUES = 8


def no_runs(text: str, runs: pd.DataFrame, where: str) -> str:
    """What is said where a filter finds nothing.

    Args:
        text: the filter.
        runs: all that it could have found, from `xorlab.load_runs`.
        where: what messages call their store, experiment or sweep.

    Returns:
        how many runs there are, and which values they have of what the filter names.
    """
    if runs.empty:
        return f"filter={text}: {where} has no runs yet"
    facts = []
    for kind, *names in _NAMED.findall(text):
        name = "".join(names)
        facts.append(_fact(kind.lower(), name, runs))
    found = f"filter={text}: none of the {counted(len(runs), 'run')} of {where} matches"
    return "; ".join([found, *dict.fromkeys(filter(None, facts))])


def _fact(kind: str, name: str, runs: pd.DataFrame) -> str:
    """What the runs have of one name."""
    column = _COLUMNS.get(name, name) if kind == "tag" else name
    values = runs[column].dropna() if column in runs else None
    if values is None or values.empty:
        if kind == "tag":
            return ""
        guess = nearest(name, [str(one) for one in runs.columns])
        return f"no run has the {kind} {name}" + (f", did you mean {guess}?" if guess else "")
    distinct = list(values.unique())
    if len(distinct) <= _MOST_VALUES:
        ordered = distinct if values.dtype.kind not in "if" else sorted(distinct)
        return f"{name} is {', '.join(map(short, ordered))}"
    if values.dtype.kind in "if":
        return f"{name} is {short(values.min())} to {short(values.max())}"
    return f"{name} has {len(distinct):,} values, such as {short(distinct[0])}"
