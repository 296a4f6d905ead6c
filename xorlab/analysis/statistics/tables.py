"""Tables of runs of any origin: what they must have, and what is wrong with them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_numeric_dtype

from xorlab.analysis.labels import MISSING

SOLVED, UNSOLVED, DIVERGED = "solved", "unsolved", "diverged"
_PREFIX = "epochs_to_"
_SOLVE = f"{_PREFIX}solve"


class WithRuns(Protocol):
    """Results that make a table of themselves, as those of `xorlab.train_many`."""

    def runs(self) -> pd.DataFrame:
        """One row per run."""


def table_of(runs: pd.DataFrame | WithRuns) -> pd.DataFrame:
    """The runs as a table.

    Raises:
        TypeError: they are neither a table nor results that have one.
    """
    if isinstance(runs, pd.DataFrame):
        return runs
    if not callable(getattr(runs, "runs", None)):
        raise TypeError(
            "runs: must be a table of pandas, as xorlab.load_runs or xorlab.sweep return it, or "
            f"the results of xorlab.train_many; this is a {type(runs).__name__}"
        )
    return runs.runs()


def refuse_incomplete(runs: pd.DataFrame) -> None:
    """Refuse a table with outcomes and without the times that belong to them.

    Raises:
        ValueError: names the columns that are missing, and those that there are.
    """
    has = f"it has {', '.join(map(str, runs.columns))}"
    needed = "solved, epochs_to_solve and epochs_run (xorlab.as_runs takes other names)"
    if "outcome" not in runs:
        raise ValueError(f"there is no column outcome; a table of your own needs {needed}; {has}")
    if "epochs_to_solve" not in runs and (runs["outcome"] == SOLVED).any():
        raise ValueError(
            f"there is no column epochs_to_solve; a table of your own needs {needed}; {has}"
        )
    if not {"epochs_run", "training.epochs"} & {*runs} and (runs["outcome"] != SOLVED).any():
        raise ValueError(
            "there is neither epochs_run nor training.epochs, so nothing says how long the runs "
            f"that were not solved had; a table of your own needs {needed}; {has}"
        )


def as_runs(
    table: pd.DataFrame,
    *,
    solved: str = "solved",
    epochs_to_solve: str = "epochs_to_solve",
    epochs_run: str = "epochs_run",
) -> pd.DataFrame:
    """A table of another tracker, of Optuna or of a CSV file, as the statistics take it.

    `xorlab.convergence`, `compare`, `compare_all` and the figures do this themselves where the
    columns have these names.

    Args:
        table: one row per run.
        solved: the column that says whether the run was solved, true or false, 1 or 0.
        epochs_to_solve: the column with the step at which it was; missing where it never was.
        epochs_run: the column with the steps that the run had.

    Returns:
        a copy with the columns ``outcome``, ``epochs_to_solve`` and ``epochs_run``.

    Raises:
        ValueError: a column is missing, or a row holds what cannot be: a negative time, a time
            beyond the run's steps, nothing where a number is needed.
    """
    for name in (solved, epochs_to_solve, epochs_run):
        if name not in table:
            raise ValueError(
                f"there is no column {name}; a table of runs needs {solved}, {epochs_to_solve} and "
                f"{epochs_run} (xorlab.as_runs takes other names); it has "
                f"{', '.join(map(str, table.columns))}"
            )
    is_solved = _truth(table, solved)
    time, run = _numbers(table, epochs_to_solve), _numbers(table, epochs_run)
    _refuse(table, is_solved & np.isnan(time), epochs_to_solve, "a number where the run is solved")
    _refuse(table, ~is_solved & ~np.isnan(time), epochs_to_solve, "missing where it is not solved")
    _refuse(table, time < 0, epochs_to_solve, "at least 0")
    _refuse(table, np.isnan(run) | (run < 0), epochs_run, "a number >= 0")
    _refuse(table, time > run, epochs_to_solve, f"at most {epochs_run} of the same run")
    outcome = np.where(is_solved, SOLVED, UNSOLVED).astype(object)
    return table.assign(outcome=outcome, epochs_to_solve=time, epochs_run=run)


def numeric(runs: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """A column as numbers, NaN where a run has none; a key may be written out, as `MISSING`."""
    if name not in runs:
        return np.full(len(runs), np.nan)
    column = runs[name]
    if not is_numeric_dtype(column):
        column = column.mask(column == MISSING)
    return column.to_numpy(np.float64, na_value=np.nan)


# A column of every run that looked for an event, whether the run reached it or not.
_LOOKED_FOR = {"generalise": "final_validation_loss"}


def event_columns(runs: pd.DataFrame) -> list[str]:
    """The columns of the events that any of the runs has had, besides its solution."""
    names = [str(name) for name in runs if str(name).startswith(_PREFIX)]
    return sorted(name for name in names if name != _SOLVE and runs[name].notna().any())


def events_of(runs: pd.DataFrame) -> list[str]:
    """The names of these events."""
    return [name.removeprefix(_PREFIX) for name in event_columns(runs)]


def at_event(runs: pd.DataFrame | WithRuns, event: str | None) -> pd.DataFrame:
    """The same runs, where an event counts as their solution: that of ``epochs_to_EVENT``.

    Args:
        runs: of a trainer whose `Recorder` has events; or results that have a table.
        event: its name; None for the runs as they are.

    Raises:
        ValueError: no run has such an event; the message lists those that there are.
    """
    runs = table_of(runs)
    if event is None:
        return runs
    column = _PREFIX + event
    if column not in runs and _LOOKED_FOR.get(event) in runs:
        runs = runs.assign(**{column: np.nan})
    if column not in runs:
        known = ", ".join(events_of(runs)) or "no others"
        raise ValueError(
            f"event={event}: no run has reached it, so there is no column {column}. "
            f"Events that were reached: {known}. If all runs looked for it, its rate is 0: add "
            f"that column with NaN, as runs.assign({column}=float('nan'))"
        )
    time = _numbers(runs, column)
    reached = ~np.isnan(time)
    before = runs["outcome"].to_numpy(object) if "outcome" in runs else np.full(len(runs), UNSOLVED)
    otherwise = np.where(before == SOLVED, UNSOLVED, before)
    return runs.assign(outcome=np.where(reached, SOLVED, otherwise), epochs_to_solve=time)


def first_passage(
    curves: pd.DataFrame,
    *,
    below: float | None = None,
    above: float | None = None,
    value: str = "loss",
    run: str = "run_id",
    step: str = "step",
) -> pd.DataFrame:
    """When curves first reach a threshold, as a table of runs for any threshold.

    Times are only as fine as the recorded steps: a run reached the threshold after the step
    ``epochs_before`` and not after ``epochs_to_solve``. So the times of sparsely recorded curves
    are too late, by up to the distance of their steps.

    Args:
        curves: one row per run and recorded step, of any tracker.
        below: the run is solved at the first step with a value at or below this;
        above: or at or above this. One of the two.
        value: the column with the values.
        run: the column that names the run.
        step: the column with the steps.

    Returns:
        a row per run, in order of appearance: ``run``'s column, ``solved``, ``epochs_to_solve``,
        ``epochs_before`` (the recorded step before; NaN where there is none) and ``epochs_run``.

    Raises:
        ValueError: not one threshold; a column is missing; a step that is no number, or occurs
            twice in a run.
    """
    if (below is None) == (above is None):
        raise ValueError("name one threshold: below=0.01, or above=0.9")
    for name in (run, step, value):
        if name not in curves:
            raise ValueError(
                f"there is no column {name}; the curves have {', '.join(map(str, curves.columns))}"
            )
    steps, values = _numbers(curves, step), _numbers(curves, value)
    _refuse(curves, np.isnan(steps), step, "a number")
    codes, names = pd.factorize(curves[run])
    order = np.lexsort((steps, codes))
    codes, steps, values = codes[order], steps[order], values[order]
    same_run = codes[1:] == codes[:-1]
    if (same_run & (steps[1:] == steps[:-1])).any():
        raise ValueError(f"{step}: a run has the same step twice")
    reached = values >= above if above is not None else values <= float(below or 0)
    hits = np.flatnonzero(reached)
    found, first = np.unique(codes[hits], return_index=True)
    time, before = np.full(len(names), np.nan), np.full(len(names), np.nan)
    at = hits[first]
    time[found] = steps[at]
    has_earlier = (at > 0) & (codes[np.maximum(at - 1, 0)] == found)
    before[found[has_earlier]] = steps[at[has_earlier] - 1]
    last = np.full(len(names), np.nan)
    np.fmax.at(last, codes, steps)
    columns = {run: names, "solved": ~np.isnan(time), "epochs_to_solve": time}
    return pd.DataFrame({**columns, "epochs_before": before, "epochs_run": last})


def _truth(table: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    values = _numbers(table, name)
    _refuse(table, ~np.isin(values, (0.0, 1.0)), name, "true or false, 1 or 0")
    return np.asarray(values == 1)


def _numbers(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    try:
        return table[name].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: must be numbers ({error})") from error


def _refuse(table: pd.DataFrame, wrong: npt.NDArray[np.bool_], name: str, allowed: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        value = table[name].iloc[row]
        raise ValueError(f"{name}={value} in row {table.index[row]}: must be {allowed}")
