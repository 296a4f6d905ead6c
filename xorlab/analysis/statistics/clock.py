"""Times in evaluations in place of epochs, which cost more in some methods than in others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xorlab.analysis.statistics.tables import WithRuns, at_event, numeric

EPOCHS, EVALUATIONS = CLOCKS = ("epochs", "evaluations")
# The most evaluations that a run was allowed; infinite where it ended before its last epoch.
CLOCK_LIMIT = "evaluations_limit"


def timed(runs: pd.DataFrame | WithRuns, event: str | None, time: str) -> pd.DataFrame:
    """The same runs with an event as their solution, and times of one kind.

    A run without ``evaluations`` made one in each epoch. Nothing limits evaluations but the epochs:
    a run that was followed to its last epoch was followed for the evaluations that it made. One
    that ended before, unsolved, would not have been solved later; it counts as followed for as long
    as any run of its setting.

    Args:
        runs: as `xorlab.load_runs` returns them; or results that have a table.
        event: its name; None for the solution.
        time: ``epochs``, or ``evaluations``.

    Returns:
        the runs, with ``epochs_to_solve`` and ``epochs_run`` in that time.

    Raises:
        ValueError: another time, or an event that no run has.
    """
    if time not in CLOCKS:
        raise ValueError(f"time={time}: must be one of {', '.join(CLOCKS)}")
    table = at_event(runs, event)
    if time == EPOCHS or EVALUATIONS not in table:
        return table
    whole = with_evaluations(table)
    to_event = f"{EVALUATIONS}_to_{event or 'solve'}"
    made, epochs, limit = (
        numeric(whole, name) for name in (EVALUATIONS, "epochs_run", "training.epochs")
    )
    searched = ~np.isnan(numeric(table, EVALUATIONS))
    allowed = np.where(epochs < limit, np.inf, made)
    return table.assign(
        **{
            "epochs_to_solve": numeric(whole, to_event if to_event in whole else "epochs_to_solve"),
            "epochs_run": made,
            CLOCK_LIMIT: np.where(searched, allowed, limit),
        }
    )


def clock_of(runs: pd.DataFrame, by: Sequence[str]) -> str:
    """The time that compares settings: evaluations where an epoch costs some of them more.

    Args:
        runs: as `xorlab.load_runs` returns them.
        by: the columns that make a setting.

    Returns:
        ``evaluations`` where settings differ in the mean number of evaluations of an epoch by more
        than a tenth, else ``epochs``.
    """
    if EVALUATIONS not in runs:
        return EPOCHS
    whole = with_evaluations(runs)
    spent = whole.groupby(list(by), dropna=False, observed=True)[[EVALUATIONS, "epochs_run"]].sum()
    each = (spent[EVALUATIONS] / spent["epochs_run"]).to_numpy(float)
    each = each[np.isfinite(each)]
    return EVALUATIONS if len(each) > 1 and each.max() > 1.1 * each.min() else EPOCHS


def clock_in(statistics: pd.DataFrame) -> str:
    """The time that statistics from `xorlab.convergence` are in."""
    return EVALUATIONS if f"{EVALUATIONS}_median" in statistics else EPOCHS


def with_evaluations(runs: pd.DataFrame) -> pd.DataFrame:
    """The same runs, with numbers of evaluations where they are those of epochs as well."""
    filled = {}
    for name in map(str, runs.columns):
        if name == EVALUATIONS or name.startswith(f"{EVALUATIONS}_to_"):
            epochs = "epochs_run" if name == EVALUATIONS else name.replace(EVALUATIONS, EPOCHS)
            own = numeric(runs, name)
            filled[name] = np.where(np.isnan(own), numeric(runs, epochs), own)
    return runs.assign(**filled) if filled else runs
