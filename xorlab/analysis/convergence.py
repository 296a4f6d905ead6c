"""How often a setting learns, how fast, and how sure one can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from xorlab.analysis.bootstrap import RESAMPLES
from xorlab.analysis.censored import Times, counted_runs, times_of
from xorlab.analysis.intervals import CONFIDENCE, Floats, wilson, z_value
from xorlab.analysis.restarts import BestCutoff, Part, best_cutoffs, part
from xorlab.analysis.survival import kaplan_meier

__all__ = ["CONFIDENCE", "convergence", "wilson"]

_QUANTILES = (("epochs_q25", 0.25), ("epochs_median", 0.5), ("epochs_q75", 0.75))


def convergence(
    runs: pd.DataFrame,
    by: Sequence[str],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per setting. Every ``X`` with an interval has it in ``X_low`` and ``X_high``.

    A row is a function of its own runs and the arguments: other settings and the order of the
    runs do not change it. In brackets: how often nominal 95 % intervals hold the truth, over
    lognormal solve times with success rates of 0.3, 0.75 and 0.95, at n = 30 and n = 100
    (`python -m tests.benchmarks.coverage`).

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome (failed, or still
            running) do not count.
        by: columns that make a setting.
        confidence: of all intervals.
        resamples: of the bootstrap behind the best cutoff.
        seed: of the same.

    Returns:
        the columns of ``by``, then

        - ``n``, ``solved``, ``diverged``: numbers of runs;
        - ``rate``: share solved, with its Wilson (1927) interval [COVER_RATE];
        - ``epochs_q25``, ``epochs_median``, ``epochs_q75``: quantiles of the epochs to solve over
          all runs (Kaplan-Meier), those not solved counting as later than any: NaN where too few
          are solved to tell, as the median is where fewer than half are. The interval (Brookmeyer
          & Crowley 1982) is infinite above where the data set no bound [COVER_QUANTILES];
        - ``limit``: epochs to which all runs of the setting were followed, the smallest of their
          epoch limits. What follows looks at the runs up to there, so that where limits are mixed
          a later success does not count in it; ``limits``: number of different ones;
        - ``rmst``: restricted mean survival time, the mean of min(epochs to solve, limit)
          [COVER_RMST];
        - ``ert``: expected running time with restarts at the limit, the epochs spent per success;
          infinite where no run was solved [COVER_ERT]; ``ert_if_noticed``: the same if a
          divergence ends its run at once, where ``ert`` charges it the limit;
        - ``cutoff``: the epochs after which giving up and restarting costs least [COVER_CUTOFF:
          an argmin is hard to pin down; see `xorlab.analysis.restarts.best_cutoffs`];
        - ``ert_cutoff``: ERT with that cutoff [COVER_BEST];
        - ``loss_median``, ``loss_iqm``: median and interquartile mean (a quarter of the runs, cut
          down to whole ones, left out on either side) of the final loss of the runs that did not
          diverge.

        Where the epoch limit of an unsolved run is unknown (no `training.epochs`, and nothing in
        the runs that shows it), what depends on it is NaN.

    Raises:
        ValueError: no runs, no columns, a column that the runs do not have or that has the name
            of a statistic, fewer than 100 resamples, or times that contradict themselves.
    """
    by = list(by)
    z_value(confidence)
    counted = counted_runs(runs, by, "by")
    keys, groups = _settings(counted, by)
    times = [times_of(group) for group in groups]
    columns = _counts(groups, confidence)
    columns |= _quantiles(times, confidence)
    columns |= _running_times(times, confidence, resamples, seed)
    columns |= _losses(groups)
    taken = [name for name in by if name in columns]
    if taken:
        raise ValueError(f"by: {taken[0]} is the name of a statistic; rename that column first")
    return pd.concat([keys, pd.DataFrame(columns)], axis="columns")


def _settings(counted: pd.DataFrame, by: list[str]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Values of each setting, in order, and its runs."""
    grouped = counted.groupby(by, dropna=False, sort=True, observed=True)
    number = grouped.ngroup().to_numpy()
    first = np.unique(number, return_index=True)[1]
    needed = ["outcome", "epochs_to_solve", "epochs_run", "diverged_at", "training.epochs"]
    kept = [name for name in [*needed, "final_loss"] if name in counted]
    ordered = counted[kept].iloc[np.argsort(number, kind="stable")]
    ends = np.cumsum(np.bincount(number))
    groups = [ordered.iloc[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
    return counted[by].iloc[first].reset_index(drop=True), groups


def _counts(groups: list[pd.DataFrame], confidence: float) -> dict[str, Floats]:
    outcomes = [group["outcome"].to_numpy(object) for group in groups]
    n = np.array([len(outcome) for outcome in outcomes])
    solved = np.array([int((outcome == "solved").sum()) for outcome in outcomes])
    diverged = np.array([int((outcome == "diverged").sum()) for outcome in outcomes])
    counts = {"n": n, "solved": solved, "diverged": diverged}
    return counts | _triple("rate", (solved / n, *wilson(solved, n, confidence)))


def _quantiles(times: list[Times], confidence: float) -> dict[str, Floats]:
    curves = [kaplan_meier(_known(own), own.solved, confidence) for own in times]
    columns: dict[str, Floats] = {}
    for name, share in _QUANTILES:
        table = np.array([curve.quantile(share) for curve in curves])
        # An interval above an unknown limit.
        table[np.isinf(table[:, 1]), 1] = np.nan
        columns |= _triple(name, (table[:, 0], table[:, 1], table[:, 2]))
    return columns


def _known(times: Times) -> Floats:
    """Unsolved runs that were followed who knows how far come after all others."""
    return np.where(np.isnan(times.time), np.inf, times.time)


def _running_times(
    times: list[Times], confidence: float, resamples: int, seed: int
) -> dict[str, Floats]:
    common = [own.common() for own in times]
    limit = np.array([own.horizon for own in times])
    ascending = [np.sort(own.time[own.solved]) for own in common]
    parts = [
        part(solved, len(own), at) for solved, own, at in zip(ascending, common, limit, strict=True)
    ]
    whole = Part(*(np.array([getattr(p, name) for p in parts]) for name in Part.__annotations__))
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
    columns |= _triple("cutoff", [np.array([getattr(b, k) for b in best]) for k in ("cutoff", "low", "high")])
    columns |= _triple("ert_cutoff", [np.array([getattr(b, k) for b in best]) for k in ("ert", "ert_low", "ert_high")])
    return columns


def _best(
    ascending: list[Floats],
    sizes: list[int],
    limit: Floats,
    confidence: float,
    resamples: int,
    seed: int,
) -> list[BestCutoff]:
    """Best cutoff of every setting; those of one size share their resamples."""
    unknown = BestCutoff(*[np.nan] * 6)
    best = [unknown] * len(sizes)
    for size in sorted(set(sizes)):
        own = [j for j, n in enumerate(sizes) if n == size and not np.isnan(limit[j])]
        told = [ascending[j] for j in own]
        limits = [float(limit[j]) for j in own]
        found = best_cutoffs(told, size, limits, confidence, resamples, seed)
        for j, one in zip(own, found, strict=True):
            best[j] = one
    return best


def _losses(groups: list[pd.DataFrame]) -> dict[str, Floats]:
    table = np.full((len(groups), 2), np.nan)
    for j, group in enumerate(groups):
        if "final_loss" not in group:
            continue
        losses = group["final_loss"].to_numpy(float, na_value=np.nan)
        kept = np.isfinite(losses) & (group["outcome"] != "diverged").to_numpy(bool)
        if kept.any():
            table[j] = np.median(losses[kept]), stats.trim_mean(losses[kept], 0.25)
    return {"loss_median": table[:, 0], "loss_iqm": table[:, 1]}


def _unless(unknown: Floats, values: Sequence[Floats]) -> Iterator[Floats]:
    return (np.where(unknown, np.nan, value) for value in values)


def _triple(name: str, values: Sequence[Floats] | Iterator[Floats]) -> dict[str, Floats]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
