"""How often each class of failure occurs per setting."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from xorlab.analysis.statistics.times import names_of
from xorlab.failures.classes import CLASSES


def failure_table(
    diagnosis: pd.DataFrame, by: Sequence[str], runs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How many runs of each setting were not solved, in each class.

    Args:
        diagnosis: from `xorlab.diagnose`.
        by: the columns that identify a setting.
        runs: all runs, solved ones too, from `xorlab.load_runs`; with them, settings without a
            failure have a row as well.

    Returns:
        the columns of ``by``; ``n``, all runs with an outcome, and ``solved``, if ``runs`` are
        given; ``failed``; and a column per class with its number of runs.

    Raises:
        ValueError: ``by`` is empty, or names a column that does not exist; or there is no
            diagnosis.
    """
    by = names_of(by)
    if "failure" not in diagnosis:
        raise ValueError(
            "diagnosis: its column failure is missing; give what xorlab.diagnose(runs) returns, "
            "and the runs themselves as runs=runs"
        )
    for frame in (diagnosis,) if runs is None else (diagnosis, runs):
        missing = [name for name in by if name not in frame.columns]
        if not by or missing:
            problem = (
                f"there is no column {', '.join(missing)}" if missing else "no columns are named"
            )
            raise ValueError(f"by: {problem}; there are {', '.join(map(str, frame.columns))}")
    # A key is missing in runs of an optimizer without it; they make a setting of their own.
    failed = pd.get_dummies(diagnosis["failure"].astype(str), dtype="int64")
    failed = failed.reindex(columns=list(CLASSES), fill_value=0)
    counts = failed.groupby([diagnosis[name] for name in by], dropna=False).sum()
    counts.insert(0, "failed", counts.sum(axis="columns"))
    if runs is not None:
        used = list(dict.fromkeys([*by, "outcome"]))  # a copy of all columns may be large
        ended = runs.loc[runs["outcome"].notna(), used]
        groups = (ended["outcome"] == "solved").groupby([ended[name] for name in by], dropna=False)
        totals = pd.DataFrame({"n": groups.size(), "solved": groups.sum()})
        counts = totals.join(counts).fillna(0)
    return counts.astype("int64").reset_index()
