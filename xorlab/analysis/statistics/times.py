"""From tables of runs to right-censored times to convergence.

A run that was not solved is censored at the epoch limit, `training.epochs`. So is a run that
diverged, and not at the epoch of its divergence: it would not be solved however long one waited,
while censoring at that epoch would treat it as one that still had every chance. Divergence is a
competing event whose censoring time is known, and this is the estimate of Fine & Gray (1999) for
such "censoring complete" data. The same holds for runs that `training.min_gradient` ended.

Running times that are summed from these charge such a run its whole limit, as COCO and Kramer &
Sangiovanni-Vincentelli (1988) do for runs nobody stops. Whoever notices a divergence and restarts
at once pays less; `Times.spent` has those epochs, and `xorlab.convergence` the ERT they give.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.intervals import Floats

SOLVED, UNSOLVED, DIVERGED = OUTCOMES = ("solved", "unsolved", "diverged")
LIMIT = "training.epochs"
_NUMBERS = ("epochs_run", "diverged_at", LIMIT, "final_loss")
OBSERVED = ("outcome", "epochs_to_solve", *_NUMBERS)  # what of a run the statistics look at


@dataclass(frozen=True)
class Times:
    """Times to convergence of n runs, in epochs.

    Attributes:
        time: (n,) epochs to solve; the run's limit where it was not solved (NaN if unknown).
        solved: (n,) whether it was.
        limit: (n,) epochs that the run would have been given; NaN where that is unknown.
        spent: (n,) epochs until the run was solved or could not be any more: where it diverged,
            the epoch of that; otherwise ``time``.
    """

    time: Floats
    solved: npt.NDArray[np.bool_]
    limit: Floats
    spent: Floats

    def __len__(self) -> int:
        return len(self.time)

    @property
    def horizon(self) -> float:
        """The epoch to which every run was followed: the smallest limit; NaN if one is unknown."""
        return float(np.min(self.limit))

    def common(self, horizon: float | None = None) -> Times:
        """The same runs cut off at one limit, the smallest: a later success is none."""
        limit = self.horizon if horizon is None else horizon
        solved = self.solved & ~(self.time > limit)
        time = np.where(solved, self.time, limit)
        spent = np.where(self.solved & ~solved, limit, np.minimum(self.spent, limit))
        return Times(time, solved, np.full(len(self), limit), spent)


@dataclass(frozen=True)
class Observed:
    """What the statistics need of n runs, out of their table: arrays (n,), NaN where missing."""

    solved: npt.NDArray[np.bool_]
    diverged: npt.NDArray[np.bool_]
    epochs_to_solve: Floats
    epochs_run: Floats
    diverged_at: Floats
    limit: Floats
    final_loss: Floats

    def __len__(self) -> int:
        return len(self.solved)

    def of(self, rows: npt.NDArray[np.int64]) -> Observed:
        """Some of the runs."""
        return Observed(*(getattr(self, name)[rows] for name in Observed.__annotations__))

    def times(self) -> Times:
        """Times to convergence, the runs being those of one setting; see `times_of`."""
        time, limit = self.epochs_to_solve, self.limit
        if np.isnan(limit).any():
            limit = np.where(np.isnan(limit), self._limits_shown(), limit)
        late = self.solved & (time > limit)
        if late.any():
            raise ValueError(
                f"epochs_to_solve={time[late][0]:g}: must not be beyond the run's limit, "
                f"{LIMIT}={limit[late][0]:g}"
            )
        time = np.where(self.solved, time, limit)
        ended = self.diverged & ~np.isnan(self.diverged_at)
        spent = np.where(ended, np.fmin(self.diverged_at, limit), time)
        return Times(time, self.solved, limit, spent)

    def _limits_shown(self) -> Floats:
        on = self.epochs_run > self.epochs_to_solve
        showing = ~self.diverged & (~self.solved | on) & ~np.isnan(self.epochs_run)
        if showing.any():
            largest = float(self.epochs_run[showing].max())
        else:
            largest = float(self.epochs_to_solve.max()) if self.solved.all() else np.nan
        own: Floats = np.where(showing, self.epochs_run, largest)
        # Solved later than any other was followed: its own limit is at least that.
        return np.where(self.solved, np.fmax(own, self.epochs_to_solve), own)


def observed(runs: pd.DataFrame) -> Observed:
    """The columns that count, as arrays.

    Args:
        runs: rows as `xorlab.load_runs` returns them, each with an outcome.

    Raises:
        ValueError: an outcome that there is not, or a solved run without its `epochs_to_solve`.
    """
    outcome = runs["outcome"].to_numpy(object)
    is_outcome = {name: outcome == name for name in OUTCOMES}
    unknown = ~np.logical_or.reduce(list(is_outcome.values()))
    if unknown.any():
        raise ValueError(f"outcome={outcome[unknown][0]}: must be one of {', '.join(OUTCOMES)}")
    solved, time = is_outcome[SOLVED], _column(runs, "epochs_to_solve")
    if not (time[solved] >= 0).all():
        raise ValueError("epochs_to_solve: must be a number of epochs >= 0 for every solved run")
    others = (_column(runs, name) for name in _NUMBERS)
    return Observed(solved, is_outcome[DIVERGED], np.where(solved, time, np.nan), *others)


def times_of(runs: pd.DataFrame) -> Times:
    """Times to convergence of the runs of one setting.

    Without a `training.epochs` (a column that the table does not have, or a value that is
    missing) the limit is taken from the runs: an unsolved run ran to its own, and so did a solved
    one that was trained on. The others (solved with `training.stop_when_solved`, or diverged) get
    the largest limit that these show. Where none shows any, all runs being solved, the last solve
    time serves, and no statistic at the limit differs; otherwise it is unknown.

    Args:
        runs: rows as `xorlab.load_runs` returns them, each with an outcome.

    Raises:
        ValueError: a solved run without its `epochs_to_solve`, one that is negative or beyond the
            run's own limit, or an outcome that there is not.
    """
    return observed(runs).times()


def names_of(by: Sequence[str]) -> list[str]:
    """The columns that are named; a text names one, not one for each of its letters."""
    return [by] if isinstance(by, str) else list(by)


def counted_runs(runs: pd.DataFrame, columns: Sequence[str], argument: str) -> pd.DataFrame:
    """The runs that have an outcome, after a check of the columns that are asked for.

    Raises:
        ValueError: no columns, an unknown one (the nearest is named), or no run with an outcome.
    """
    known = [str(name) for name in runs.columns]
    if not columns:
        raise ValueError(f"{argument}: no columns are named; the runs have {', '.join(known)}")
    for name in columns:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
            near = near or [k for k in known if k.rpartition(".")[2] == str(name)][:1]
            hint = f"did you mean {near[0]}? The" if near else "the"
            told = f"there is no column {name}; {hint} runs have {', '.join(known)}"
            raise ValueError(f"{argument}: {told}")
    counted = runs.iloc[:0]
    if "outcome" in known:
        some = runs["outcome"].notna()
        counted = runs if some.all() else runs[some]  # a copy of a table has its size
    if counted.empty:
        raise ValueError("there is no run with an outcome: nothing to tell about convergence")
    return counted


def _column(runs: pd.DataFrame, name: str) -> Floats:
    if name not in runs:
        return np.full(len(runs), np.nan)
    return runs[name].to_numpy(float, na_value=np.nan)
