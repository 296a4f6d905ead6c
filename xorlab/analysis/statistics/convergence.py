"""How often a setting is solved and how fast, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.statistics.bootstrap import RESAMPLES
from xorlab.analysis.statistics.clock import EPOCHS, timed
from xorlab.analysis.statistics.clusters import Clusters
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, wilson, z_value
from xorlab.analysis.statistics.repeats import warn_of_repeats
from xorlab.analysis.statistics.restarts import BestCutoff, best_cutoffs
from xorlab.analysis.statistics.running_time import CutoffStatistics, charged, statistics_at
from xorlab.analysis.statistics.survival import kaplan_meier
from xorlab.analysis.statistics.tables import WithRuns
from xorlab.analysis.statistics.times import (
    SEED,
    Observed,
    Times,
    counted_runs,
    names_of,
    observed,
)

__all__ = ["CONFIDENCE", "convergence", "wilson"]

Columns = dict[str, npt.NDArray[Any]]
_QUANTILES = (("q25", 0.25), ("median", 0.5), ("q75", 0.75))


def convergence(
    runs: pd.DataFrame | WithRuns,
    by: Sequence[str],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    *,
    cluster: str | None = None,
    event: str | None = None,
    time: str = EPOCHS,
) -> pd.DataFrame:
    """One row per setting. The interval of a statistic ``X`` is in ``X_low`` and ``X_high``.

    A row depends on its own runs and the arguments alone, not on other settings or the order of
    the runs. In brackets: how often nominal 95 % intervals covered the truth in simulations
    (`python -m tests.benchmarks.coverage`, where the populations are described).

    Runs of one seed are not independent: where a seed occurs more than once in a setting, because
    ``by`` pools runs that differ in other keys, intervals are those of as many independent runs
    as there are seeds (see `xorlab.analysis.statistics.clusters`).

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome (ended in an error,
            or still running) do not count, and of runs with the same ``key`` only the last does.
        by: columns that make a setting.
        confidence: of all intervals.
        resamples: of the bootstrap for the best cutoff.
        seed: of that bootstrap.
        cluster: the column with the same value in runs that are not independent. Naming it says
            that pooling is meant; None is ``seed``, with a warning where a seed is repeated.
        event: one that a `xorlab.Recorder` noted, to count in place of the solution.
        time: ``epochs``, or ``evaluations``: points at which a run computed the loss or its
            gradient, to compare optimizers that search along lines with others. All that is said of
            epochs below is then in evaluations; the names ``epochs_q25``, ``epochs_median`` and
            ``epochs_q75`` become ``evaluations_q25`` and so on.

    Returns:
        the columns of ``by``, then

        - ``n``, ``solved``, ``diverged``: numbers of runs; solved are those solved by ``limit``;
        - ``rate``: share solved by ``limit``, with Wilson's (1927) interval [95 % on average over
          rates, 83 to 86 % at the worst];
        - ``epochs_q25``, ``epochs_median``, ``epochs_q75``: the first epoch by which at least that
          share of all runs is solved (Kaplan-Meier; the inverse of the distribution function,
          type 1 of Hyndman & Fan 1996), with unsolved runs later than any solved one. NaN where
          too few runs are solved, for the median fewer than half. The interval (Brookmeyer &
          Crowley 1982) ends at infinity where the data give no upper bound [93 to 97 % for 20 to
          100 runs, 93 to 99 % for 5 and 10];
        - ``limit``: the epoch to which all runs of the setting were followed, the smallest of
          their epoch limits; ``limits``: how many different ones there are. The statistics below
          use the runs up to ``limit``, so later successes do not count in them;
        - ``rmst``: restricted mean survival time, the mean of min(epochs to solve, limit)
          [93 to 97 % for 20 to 100 runs, 94 to 99 % for 5 and 10];
        - ``ert``: expected running time with restarts at the limit, the epochs spent per success,
          at least one for each run; infinite where no run was solved [93 to 97 % for 20 to 100
          runs, 92 to 98 % for 5 and 10];
          ``ert_if_noticed``: the same with the epochs that runs really spent, where ``ert`` counts
          the limit for them: of diverged runs until they diverged, and of runs that a rule ended
          (``training.stop``, ``training.min_gradient``) until then;
        - ``cutoff``: the number of epochs after which it costs least to stop a run and start
          another, of those by which at least 10 runs were solved (where settings are pooled, as
          many as 10 seeds have: 60 runs of six settings); the limit where fewer were solved at
          all [91 to 100 %, not nominal: the position of a minimum is hard to estimate, see
          `xorlab.analysis.statistics.restarts.best_cutoffs`];
        - ``ert_cutoff``: ERT with that cutoff [94 to 100 %, for its true value and for the true
          least ERT];
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
    counted = counted_runs(timed(runs, event, time), by, "by")
    column = cluster or SEED
    keys, groups, rows = _settings(counted, by, column)
    clusters = [group.clusters for group in groups]
    if cluster is None:
        repeated = [j for j, own in enumerate(clusters) if own is not None]
        for j in repeated[:1]:
            warn_of_repeats(counted.iloc[rows[j]], keys.iloc[j].to_dict(), column)
    times = [group.times() for group in groups]
    weights = np.array([1.0 if own is None else own.weight for own in clusters])
    columns = _counts(groups, times, weights, confidence)
    columns |= _quantiles(times, weights, confidence, time)
    columns |= _running_times(times, clusters, weights, confidence, resamples, seed)
    columns |= _losses(groups)
    taken = [name for name in by if name in columns]
    if taken:
        raise ValueError(f"by: {taken[0]} is the name of a statistic; rename that column first")
    return pd.concat([keys, pd.DataFrame(columns)], axis="columns")


def _settings(
    counted: pd.DataFrame, by: list[str], cluster: str
) -> tuple[pd.DataFrame, list[Observed], list[npt.NDArray[np.int64]]]:
    """The settings in sorted order: their values, the runs of each, and the rows of these."""
    number = counted.groupby(by, dropna=False, sort=True, observed=True).ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    ordered = np.argsort(number, kind="stable")
    all_runs = observed(counted, cluster)
    rows = np.split(ordered, np.cumsum(np.bincount(number))[:-1])
    return counted[by].iloc[first].reset_index(drop=True), [all_runs.of(r) for r in rows], rows


def _counts(
    groups: list[Observed], times: list[Times], weights: Floats, confidence: float
) -> Columns:
    n = np.array([len(group) for group in groups])
    # Where limits differ, a later success of some runs is not comparable with the others.
    within = [own.solved if np.isnan(own.horizon) else own.common().solved for own in times]
    solved = np.array([int(own.sum()) for own in within])
    diverged = np.array([int(group.diverged.sum()) for group in groups])
    counts: Columns = {"n": n, "solved": solved, "diverged": diverged}
    ends = wilson(solved * weights, n * weights, confidence)
    return counts | _triple("rate", (solved / n, *ends))


def _quantiles(times: list[Times], weights: Floats, confidence: float, time: str) -> Columns:
    curves = [
        kaplan_meier(_known(own), own.solved, confidence, weight)
        for own, weight in zip(times, weights, strict=True)
    ]
    columns: Columns = {}
    for name, share in _QUANTILES:
        table = np.array([curve.quantile(share) for curve in curves])
        # An infinite lower end means that it is beyond an unknown limit.
        table[np.isinf(table[:, 1]), 1] = np.nan
        columns |= _triple(f"{time}_{name}", (table[:, 0], table[:, 1], table[:, 2]))
    return columns


def _known(times: Times) -> Floats:
    """The times; infinite for unsolved runs with an unknown limit."""
    return np.where(np.isnan(times.time), np.inf, times.time)


def _running_times(
    times: list[Times],
    clusters: list[Clusters | None],
    weights: Floats,
    confidence: float,
    resamples: int,
    seed: int,
) -> Columns:
    common = [own.common() for own in times]
    limit = np.array([own.horizon for own in times])
    unknown = np.isnan(limit)
    ascending = [np.sort(own.time[own.solved]) for own in common]
    costs = [charged(own) for own in ascending]
    survival, cost = (_at_limits(own, common, limit, weights) for own in (ascending, costs))
    solved = np.array([own.solved.sum() for own in common])
    spent = np.array([charged(own.spent).sum() for own in common])
    with np.errstate(divide="ignore", invalid="ignore"):
        noticed = np.where(unknown, np.nan, spent / solved)
    best = _best(costs, common, clusters, limit, confidence, resamples, seed)
    columns = {"limit": limit, "limits": np.array([len(np.unique(own.limit)) for own in times])}
    columns |= _triple("rmst", _unless(unknown, survival.rmst(confidence)))
    columns |= _triple("ert", _unless(unknown, cost.ert(confidence)))
    columns |= {"ert_if_noticed": noticed}
    table = np.array([astuple(one) for one in best])
    columns |= _triple("cutoff", table[:, :3].T) | _triple("ert_cutoff", table[:, 3:].T)
    return columns


def _at_limits(
    ascending: list[Floats], times: list[Times], limit: Floats, weights: Floats
) -> CutoffStatistics:
    each = [
        statistics_at(solved, len(own), at, weight)
        for solved, own, at, weight in zip(ascending, times, limit, weights, strict=True)
    ]
    return CutoffStatistics(*np.array([astuple(one) for one in each]).T)


def _best(
    ascending: list[Floats],
    times: list[Times],
    clusters: list[Clusters | None],
    limit: Floats,
    confidence: float,
    resamples: int,
    seed: int,
) -> list[BestCutoff]:
    """Best cutoff of each setting; settings of the same size share their resamples."""
    unknown = BestCutoff(*[np.nan] * 6)
    best = [unknown] * len(times)
    together: dict[int, list[int]] = {}
    for j in np.flatnonzero(~np.isnan(limit)).tolist():
        pooled, n = clusters[j], len(times[j])
        if pooled is None:
            together.setdefault(n, []).append(j)
            continue
        own = times[j]
        ordered = pooled.of(np.argsort(np.where(own.solved, own.time, np.inf), kind="stable"))
        (best[j],) = best_cutoffs(
            [ascending[j]], n, [float(limit[j])], confidence, resamples, seed, ordered
        )
    for n, members in together.items():
        epochs, limits = [ascending[j] for j in members], [float(limit[j]) for j in members]
        found = best_cutoffs(epochs, n, limits, confidence, resamples, seed)
        for j, one in zip(members, found, strict=True):
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
