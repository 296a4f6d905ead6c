"""How often a setting is solved and how fast, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.bootstrap import RESAMPLES
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, wilson, z_value
from xorlab.analysis.statistics.restarts import BestCutoff, best_cutoffs
from xorlab.analysis.statistics.running_time import CutoffStatistics, statistics_at
from xorlab.analysis.statistics.survival import kaplan_meier
from xorlab.analysis.statistics.times import Observed, Times, counted_runs, names_of, observed

__all__ = ["CONFIDENCE", "convergence", "wilson"]

Columns = dict[str, npt.NDArray[Any]]
_QUANTILES = (("epochs_q25", 0.25), ("epochs_median", 0.5), ("epochs_q75", 0.75))


def convergence(
    runs: pd.DataFrame,
    by: Sequence[str],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per setting. The interval of a statistic ``X`` is in ``X_low`` and ``X_high``.

    A row depends on its own runs and the arguments alone, not on other settings or the order of
    the runs. In brackets: how often nominal 95 % intervals covered the truth in simulations with
    lognormal solve times, success rates of 0.3, 0.75 and 0.95, and n = 30 and 100
    (`python -m tests.benchmarks.coverage`).

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome (failed, or still
            running) do not count.
        by: columns that make a setting.
        confidence: of all intervals.
        resamples: of the bootstrap for the best cutoff.
        seed: of that bootstrap.

    Returns:
        the columns of ``by``, then

        - ``n``, ``solved``, ``diverged``: numbers of runs;
        - ``rate``: share solved, with Wilson's (1927) interval [93 to 97 %];
        - ``epochs_q25``, ``epochs_median``, ``epochs_q75``: quantiles of the epochs to solve over
          all runs (Kaplan-Meier), with unsolved runs later than any solved one. NaN where too few
          runs are solved, for the median fewer than half. The interval (Brookmeyer & Crowley
          1982) ends at infinity where the data give no upper bound [95 to 98 %];
        - ``limit``: the epoch to which all runs of the setting were followed, the smallest of
          their epoch limits; ``limits``: how many different ones there are. The statistics below
          use the runs up to ``limit``, so later successes do not count in them;
        - ``rmst``: restricted mean survival time, the mean of min(epochs to solve, limit)
          [94 to 96 %];
        - ``ert``: expected running time with restarts at the limit, the epochs spent per success;
          infinite where no run was solved [93 to 96 %; percentiles of a bootstrap: 79 to 95 %];
          ``ert_if_noticed``: the same if diverged runs are stopped at once, where ``ert`` counts
          the limit for them;
        - ``cutoff``: the number of epochs after which it costs least to stop a run and start
          another [92 to 99 %, not nominal: the position of a minimum is hard to estimate, see
          `xorlab.analysis.statistics.restarts.best_cutoffs`];
        - ``ert_cutoff``: ERT with that cutoff [96 to 97 %];
        - ``loss_median``, ``loss_iqm``: median and interquartile mean (without the lowest and
          highest n // 4 runs) of the final loss of the runs that did not diverge.

        Where the epoch limit of an unsolved run is unknown (no `training.epochs`, and nothing in
        the runs that shows it), what depends on it is NaN.

    Raises:
        ValueError: no runs; no columns; a column that the runs lack or that has the name of a
            statistic; fewer than 100 resamples; or inconsistent times.
    """
    by = names_of(by)
    z_value(confidence)
    counted = counted_runs(runs, by, "by")
    keys, groups = _settings(counted, by)
    times = [group.times() for group in groups]
    columns = _counts(groups, confidence) | _quantiles(times, confidence)
    columns |= _running_times(times, confidence, resamples, seed) | _losses(groups)
    taken = [name for name in by if name in columns]
    if taken:
        raise ValueError(f"by: {taken[0]} is the name of a statistic; rename that column first")
    return pd.concat([keys, pd.DataFrame(columns)], axis="columns")


def _settings(counted: pd.DataFrame, by: list[str]) -> tuple[pd.DataFrame, list[Observed]]:
    """The settings in sorted order: their values, and the runs of each."""
    number = counted.groupby(by, dropna=False, sort=True, observed=True).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    ordered = np.argsort(number, kind="stable")
    all_runs = observed(counted)
    ends = np.cumsum(np.bincount(number))[:-1]
    groups = [all_runs.of(rows) for rows in np.split(ordered, ends)]
    return counted[by].iloc[first].reset_index(drop=True), groups


def _counts(groups: list[Observed], confidence: float) -> Columns:
    n = np.array([len(group) for group in groups])
    solved = np.array([int(group.solved.sum()) for group in groups])
    diverged = np.array([int(group.diverged.sum()) for group in groups])
    counts: Columns = {"n": n, "solved": solved, "diverged": diverged}
    return counts | _triple("rate", (solved / n, *wilson(solved, n, confidence)))


def _quantiles(times: list[Times], confidence: float) -> Columns:
    curves = [kaplan_meier(_known(own), own.solved, confidence) for own in times]
    columns: Columns = {}
    for name, share in _QUANTILES:
        table = np.array([curve.quantile(share) for curve in curves])
        # An infinite lower end means that it is beyond an unknown limit.
        table[np.isinf(table[:, 1]), 1] = np.nan
        columns |= _triple(name, (table[:, 0], table[:, 1], table[:, 2]))
    return columns


def _known(times: Times) -> Floats:
    """The times; infinite for unsolved runs with an unknown limit."""
    return np.where(np.isnan(times.time), np.inf, times.time)


def _running_times(times: list[Times], confidence: float, resamples: int, seed: int) -> Columns:
    common = [own.common() for own in times]
    limit = np.array([own.horizon for own in times])
    ascending = [np.sort(own.time[own.solved]) for own in common]
    each = [
        statistics_at(solved, len(own), at)
        for solved, own, at in zip(ascending, common, limit, strict=True)
    ]
    whole = CutoffStatistics(*np.array([astuple(one) for one in each]).T)
    solved = np.array([own.solved.sum() for own in common])
    spent = np.array([own.spent.sum() for own in common])
    with np.errstate(divide="ignore", invalid="ignore"):
        noticed = np.where(np.isnan(limit), np.nan, spent / solved)
    best = _best(ascending, [len(own) for own in common], limit, confidence, resamples, seed)
    unknown = np.isnan(limit)
    columns = {"limit": limit, "limits": np.array([len(np.unique(own.limit)) for own in times])}
    columns |= _triple("rmst", _unless(unknown, whole.rmst(confidence)))
    columns |= _triple("ert", _unless(unknown, whole.ert(confidence)))
    columns |= {"ert_if_noticed": noticed}
    table = np.array([astuple(one) for one in best])
    columns |= _triple("cutoff", table[:, :3].T) | _triple("ert_cutoff", table[:, 3:].T)
    return columns


def _best(
    ascending: list[Floats],
    sizes: list[int],
    limit: Floats,
    confidence: float,
    resamples: int,
    seed: int,
) -> list[BestCutoff]:
    """Best cutoff of each setting; settings of the same size share their resamples."""
    unknown = BestCutoff(*[np.nan] * 6)
    best = [unknown] * len(sizes)
    for size in sorted(set(sizes)):
        own = [j for j, n in enumerate(sizes) if n == size and not np.isnan(limit[j])]
        epochs = [ascending[j] for j in own]
        limits = [float(limit[j]) for j in own]
        found = best_cutoffs(epochs, size, limits, confidence, resamples, seed)
        for j, one in zip(own, found, strict=True):
            best[j] = one
    return best


def _losses(groups: list[Observed]) -> Columns:
    table = np.full((len(groups), 2), np.nan)
    for j, group in enumerate(groups):
        losses = np.sort(group.final_loss[np.isfinite(group.final_loss) & ~group.diverged])
        if n := len(losses):
            table[j] = np.median(losses), losses[n // 4 : n - n // 4].mean()
    return {"loss_median": table[:, 0], "loss_iqm": table[:, 1]}


def _unless(unknown: npt.NDArray[np.bool_], values: Iterable[Floats]) -> Iterable[Floats]:
    return (np.where(unknown, np.nan, value) for value in values)


def _triple(name: str, values: Iterable[npt.NDArray[Any]]) -> Columns:
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
