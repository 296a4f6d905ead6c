"""Runs for the tests of statistics, as strategies and as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st

from xorlab.analysis.report.column import GroupedRuns
from xorlab.analysis.report.settings_table import SettingsTable, settings_table
from xorlab.analysis.statistics.convergence import convergence

LIMIT = 40
# Few different epochs, so that ties are common; None for a run that was not solved.
epochs_lists = st.lists(st.one_of(st.none(), st.integers(0, LIMIT)), min_size=1, max_size=25)


def times(epochs: Sequence[int | None]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Times (n,) and whether solved (n,), the others censored at the limit."""
    solved = np.array([step is not None for step in epochs])
    return np.array([LIMIT if step is None else step for step in epochs], float), solved


def table(settings: dict[object, Sequence[int | None]], **columns: object) -> pd.DataFrame:
    """Runs of settings that differ by `optimizer.lr`."""
    rows = [
        {
            "outcome": "unsolved" if step is None else "solved",
            "optimizer.lr": lr,
            "seed": seed,
            "epochs_to_solve": np.nan if step is None else float(step),
            "epochs_run": LIMIT,
            "training.epochs": LIMIT,
            "final_loss": 0.25 if step is None else 0.01 * (seed + 1),
            "diverged_at": np.nan,
        }
        for lr, epochs in settings.items()
        for seed, step in enumerate(epochs)
    ]
    return pd.DataFrame(rows).assign(**columns)


def settings_table_of(
    runs: pd.DataFrame, by: Sequence[str], keys: Sequence[str] = ("optimizer.lr", "training.epochs")
) -> SettingsTable:
    """The table of settings of runs that all have an outcome."""
    return settings_table(GroupedRuns(runs, by, keys, convergence(runs, by=by)))
