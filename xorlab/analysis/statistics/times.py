"""From tables of runs to right-censored times to convergence.

An unsolved run is censored at its epoch limit, `training.epochs`. So is a diverged run, and not at
the epoch of its divergence: it would never be solved, but censoring it there would assume that it
still might be. Divergence is a competing event with a known censoring time, and this is the
estimate of Fine & Gray (1999) for such "censoring complete" data. The same holds for runs that
`training.min_gradient` or a stopping rule, such as `training.patience`, ended.

Expected running times count the whole limit for such a run: they are about a strategy that follows
each run to a cutoff, whatever ends it. A strategy that starts the next run where one diverged, or
where a rule ended it, pays only `Times.spent` epochs, the sum that Auger & Hansen (2005) and Kramer
& Sangiovanni-Vincentelli (1988) divide by the successes. `xorlab.convergence` has the expected
running time for that case too.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.clock import CLOCK_LIMIT
from xorlab.analysis.statistics.clusters import Clusters, clusters_of
from xorlab.analysis.statistics.intervals import Floats
from xorlab.analysis.statistics.tables import (
    WithRuns,
    as_runs,
    numeric,
    refuse_incomplete,
    table_of,
)

SOLVED, UNSOLVED, DIVERGED = OUTCOMES = ("solved", "unsolved", "diverged")
LIMIT = "training.epochs"
_NUMBERS = ("epochs_run", "diverged_at", LIMIT, "final_loss")
OBSERVED = ("outcome", "epochs_to_solve", *_NUMBERS)  # the columns that the statistics use
SEED, KEY = "seed", "key"


@dataclass(frozen=True)
class Times:
    """Times to convergence of n runs, in epochs.

    Attributes:
        time: (n,) epochs to solve; for unsolved runs the limit, NaN if it is unknown.
        solved: (n,) whether the run was solved.
        limit: (n,) most epochs that the run was allowed; NaN where unknown.
        spent: (n,) epochs until the run was solved, diverged or was ended by a rule; otherwise the
            limit.
        ended_solved: whether all runs were solved and ended there, and no limit is recorded: the
            limit is then the last of these epochs, and not how long the runs had.
    """

    time: Floats
    solved: npt.NDArray[np.bool_]
    limit: Floats
    spent: Floats
    ended_solved: bool = False

    def __len__(self) -> int:
        return len(self.time)

    @property
    def horizon(self) -> float:
        """The epoch to which every run was followed: the smallest limit; NaN if any is unknown."""
        return float(np.min(self.limit))

    @property
    def comparable(self) -> float:
        """The epoch to which runs may be compared with others: infinite if all `ended_solved`."""
        return np.inf if self.ended_solved else self.horizon

    def common(self, horizon: float | None = None) -> Times:
        """The same runs with one limit, the smallest by default; later successes do not count."""
        limit = self.horizon if horizon is None else horizon
        solved = self.solved & ~(self.time > limit)
        time = np.where(solved, self.time, limit)
        spent = np.where(self.solved & ~solved, limit, np.minimum(self.spent, limit))
        return Times(time, solved, np.full(len(self), limit), spent)


@dataclass(frozen=True)
class Observed:
    """The columns of n runs that the statistics use, as arrays (n,) with NaN where missing.

    ``cluster`` is a number for each seed; a run without one has a number of its own.
    """

    solved: npt.NDArray[np.bool_]
    diverged: npt.NDArray[np.bool_]
    epochs_to_solve: Floats
    epochs_run: Floats
    diverged_at: Floats
    limit: Floats
    final_loss: Floats
    cluster: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.solved)

    @property
    def clusters(self) -> Clusters | None:
        """Which of the runs share a seed, if these are the runs of one setting."""
        return clusters_of(self.cluster)

    def of(self, rows: npt.NDArray[np.int64]) -> Observed:
        """Some of the runs."""
        return Observed(*(getattr(self, name)[rows] for name in Observed.__annotations__))

    def times(self) -> Times:
        """Times to convergence, if these are the runs of one setting; see `times_of`."""
        time, limit = self.epochs_to_solve, self.limit
        unrecorded = np.isnan(limit).all()
        if np.isnan(limit).any():
            limit = np.where(np.isnan(limit), self._inferred_limits(), limit)
        if np.isinf(limit).any():  # of evaluations, see `xorlab.analysis.statistics.clock`
            seen = np.concatenate([limit[np.isfinite(limit)], self.epochs_run, time])
            limit = np.where(np.isinf(limit), np.nanmax(seen), limit)
        late = self.solved & (time > limit)
        if late.any():
            raise ValueError(
                f"epochs_to_solve={time[late][0]:g}: must not be beyond the run's limit, "
                f"{LIMIT}={limit[late][0]:g}"
            )
        time = np.where(self.solved, time, limit)
        known = self.diverged & ~np.isnan(self.diverged_at)
        spent = np.where(known, np.fmin(self.diverged_at, limit), time)
        ended = ~self.solved & ~self.diverged & (self.epochs_run < limit)
        spent = np.where(ended, self.epochs_run, spent)
        trained_on = (self.epochs_run > self.epochs_to_solve).any()
        return Times(
            time,
            self.solved,
            limit,
            spent,
            bool(unrecorded and self.solved.all() and not trained_on),
        )

    def _inferred_limits(self) -> Floats:
        """Limits as far as the runs show them; see `times_of`."""
        trained_on = self.epochs_run > self.epochs_to_solve
        ran_to_limit = ~self.diverged & (~self.solved | trained_on) & ~np.isnan(self.epochs_run)
        if ran_to_limit.any():
            largest = float(self.epochs_run[ran_to_limit].max())
        else:
            largest = float(self.epochs_to_solve.max()) if self.solved.all() else np.nan
        limits: Floats = np.where(ran_to_limit, self.epochs_run, largest)
        # The limit of a run that was solved later than that is at least its solve time.
        return np.where(self.solved, np.fmax(limits, self.epochs_to_solve), limits)


def observed(runs: pd.DataFrame, cluster: str = SEED) -> Observed:
    """The columns that the statistics use, as arrays.

    Args:
        runs: rows as `xorlab.load_runs` returns them, each with an outcome.
        cluster: the column with the same value in runs that are not independent.

    Raises:
        ValueError: an unknown outcome, or a solved run without `epochs_to_solve`.
    """
    outcome = runs["outcome"].to_numpy(object)
    is_outcome = {name: outcome == name for name in OUTCOMES}
    unknown = ~np.logical_or.reduce(list(is_outcome.values()))
    if unknown.any():
        raise ValueError(f"outcome={outcome[unknown][0]}: must be one of {', '.join(OUTCOMES)}")
    solved, time = is_outcome[SOLVED], numeric(runs, "epochs_to_solve")
    if not (time[solved] >= 0).all():
        raise ValueError("epochs_to_solve: must be a number of epochs >= 0 for every solved run")
    epochs_run, diverged_at, limit, final_loss = (numeric(runs, name) for name in _NUMBERS)
    if CLOCK_LIMIT in runs:
        limit = numeric(runs, CLOCK_LIMIT)
    return Observed(
        solved=solved,
        diverged=is_outcome[DIVERGED],
        epochs_to_solve=np.where(solved, time, np.nan),
        epochs_run=epochs_run,
        diverged_at=diverged_at,
        limit=limit,
        final_loss=final_loss,
        cluster=_numbered(runs, cluster),
    )


def times_of(runs: pd.DataFrame) -> Times:
    """Times to convergence of the runs of one setting.

    Without `training.epochs` (the column or a value is missing) limits are inferred. An unsolved
    run ran to its limit, and so did a solved run that was trained further. All others (solved
    with `training.stop_when_solved`, or diverged) get the largest limit of those. If there are
    none of those, and all runs are solved, the limit is the last solve time, which changes no
    statistic at the limit; otherwise it is unknown.

    Args:
        runs: rows as `xorlab.load_runs` returns them, each with an outcome.

    Raises:
        ValueError: an unknown outcome, or a solved run whose `epochs_to_solve` is missing,
            negative or beyond its limit.
    """
    return observed(runs).times()


def clusters_in(runs: pd.DataFrame, cluster: str = SEED) -> Clusters | None:
    """Which runs of one setting share a seed; None where none do."""
    return clusters_of(_numbered(runs, cluster))


def names_of(by: Sequence[str]) -> list[str]:
    """A list of column names; a single string is one name."""
    return [by] if isinstance(by, str) else list(by)


def counted_runs(
    runs: pd.DataFrame | WithRuns, columns: Sequence[str], argument: str
) -> pd.DataFrame:
    """The runs that count: those that have an outcome, and of runs with the same key the last.

    A key is recorded more than once where a run was trained again (``tracking.existing=rerun``),
    or restored after it had been deleted. It is one run, because it started from the same weights.

    Args:
        runs: as `xorlab.load_runs` returns them.
        columns: names of columns that the runs must have.
        argument: the name of the argument that gave them, for messages.

    Raises:
        ValueError: no columns, an unknown one (the message suggests the nearest), no run with
            an outcome, or outcomes without their times.
    """
    runs = table_of(runs)
    known = [str(name) for name in runs.columns]
    if runs.empty:
        raise ValueError(
            "the table of runs is empty: no run with an outcome is in it; does a filter match none?"
        )
    if not columns:
        raise ValueError(f"{argument}: no columns are named; the runs have {', '.join(known)}")
    refuse_unknown(runs, columns, argument)
    if "outcome" not in known and "solved" in known:  # of another origin
        runs = as_runs(runs)
    refuse_incomplete(runs)
    some = runs["outcome"].notna()
    counted = runs if some.all() else runs[some]  # a copy of a table has its size
    if counted.empty:
        raise ValueError("there is no run with an outcome, so no statistics of convergence")
    again = trained_again(counted)
    return counted[~again] if again.any() else counted


def refuse_unknown(table: pd.DataFrame, columns: Sequence[str], argument: str) -> None:
    """Refuse names of columns that a table does not have.

    Raises:
        ValueError: names the argument and the column, and suggests the nearest.
    """
    known = [str(name) for name in table.columns]
    for name in columns:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
            near = near or [k for k in known if k.rpartition(".")[2] == str(name)][:1]
            hint = f"did you mean {near[0]}? There" if near else "there"
            raise ValueError(
                f"{argument}: there is no column {name}; {hint} are {', '.join(known)}"
            )


def trained_again(runs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """(n,) whether a later row has the same key, in a table of `xorlab.load_runs`."""
    if KEY not in runs or "run_id" not in runs:
        return np.zeros(len(runs), bool)
    again: npt.NDArray[np.bool_] = (
        runs.duplicated(KEY, keep="last") & runs[KEY].notna()
    ).to_numpy()
    return again


def ended_early(runs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """(n,) which runs ended unsolved, and not diverged, before the epochs that they were allowed.

    Args:
        runs: with an outcome.
    """
    unsolved = runs["outcome"].to_numpy(object) == UNSOLVED
    return np.asarray(unsolved & (numeric(runs, "epochs_run") < numeric(runs, LIMIT)))


def _numbered(runs: pd.DataFrame, cluster: str) -> npt.NDArray[np.intp]:
    alone = np.arange(len(runs))
    if cluster not in runs:
        return alone
    numbers = pd.factorize(runs[cluster])[0]
    return np.where(numbers < 0, len(runs) + alone, numbers)
