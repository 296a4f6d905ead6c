"""Comparing two settings: which solves sooner, which more often, and is that significant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.labels import whole_label
from xorlab.analysis.statistics.bootstrap import RESAMPLES
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, newcombe, z_value
from xorlab.analysis.statistics.superiority import Resamples, superiority_interval
from xorlab.analysis.statistics.survival import logrank
from xorlab.analysis.statistics.times import Times, counted_runs, names_of, times_of
from xorlab.analysis.statistics.verdict import Comparison, with_verdict

_MOST_NAMED = 10


def compare(
    runs: pd.DataFrame,
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two settings.

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome do not count.
        a: values of columns that select the runs of A, such as ``{"optimizer.lr": 0.5}``.
        b: the same for B.
        confidence: of the intervals; a difference is claimed at the level 1 - confidence.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ValueError: the runs lack a column; no run has the values (the message lists those that
            exist); a run is in both settings; or the epoch limit of an unsolved run is unknown.
    """
    z_value(confidence)
    counted = counted_runs(runs, [*a, *b], "a, b")
    chosen = [_selected(counted, name, setting) for name, setting in (("a", a), ("b", b))]
    if (chosen[0] & chosen[1]).any():
        raise ValueError(f"a={whole_label(a)}, b={whole_label(b)}: must not have a run in common")
    times = [times_of(counted[rows]) for rows in chosen]
    return _comparison(
        (whole_label(a), times[0]),
        (whole_label(b), times[1]),
        confidence,
        Resamples(resamples, seed),
    )


def compare_all(
    runs: pd.DataFrame,
    by: Sequence[str],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare every pair of settings, with Holm's (1979) correction of the log-rank test.

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome do not count.
        by: columns that make a setting.
        confidence: of each interval, and of all claims together.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        a row per pair, with the first setting in sorted order as A: each column X of ``by`` as
        ``a.X`` and ``b.X``, then the fields of `Comparison`.

    Raises:
        ValueError: fewer than two settings, or as `compare` and `xorlab.convergence`.
    """
    by = names_of(by)
    z_value(confidence)
    counted = counted_runs(runs, by, "by")
    groups = list(counted.groupby(by, dropna=False, sort=True, observed=True))
    if len(groups) < 2:
        raise ValueError(f"by={by}: there is only one setting; a comparison needs two")
    settings = [dict(zip(by, values, strict=True)) for values, _ in groups]
    named = [(whole_label(s), times_of(g)) for s, (_, g) in zip(settings, groups, strict=True)]
    store = Resamples(resamples, seed)
    pairs = list(combinations(range(len(groups)), 2))
    plain = [_comparison(named[i], named[j], confidence, store) for i, j in pairs]
    corrected = holm(np.array([one.p for one in plain]))
    rows = []
    for (i, j), one, p in zip(pairs, plain, corrected, strict=True):
        values = {f"a.{k}": v for k, v in settings[i].items()}
        values |= {f"b.{k}": v for k, v in settings[j].items()}
        rows.append(values | asdict(with_verdict(one, float(p), len(pairs), confidence)))
    frame = pd.DataFrame(rows)
    frame["seeds"] = frame["seeds"].astype("Int64")
    return frame


def holm(p: Floats) -> Floats:
    """Holm's (1979) step-down correction of p-values, (m,) in the same order."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def _comparison(
    a: tuple[str, Times], b: tuple[str, Times], confidence: float, store: Resamples
) -> Comparison:
    """Two settings, each with its name and times, before Holm's correction."""
    for name, times in (a, b):
        if np.isnan(times.horizon):
            raise ValueError(f"{name}: the epoch limit of a run is unknown; add training.epochs")
    limit = min(a[1].horizon, b[1].horizon)
    cut = [times.common(limit) for _, times in (a, b)]
    solved = [int(times.solved.sum()) for times in cut]
    sizes = [len(times) for times in cut]
    low, high = newcombe(solved[0], sizes[0], solved[1], sizes[1], confidence)
    ranked = [np.where(times.solved, times.time, np.inf) for times in cut]
    sooner = superiority_interval(ranked[0], ranked[1], confidence, store)
    z, p = logrank(a[1].time, a[1].solved, b[1].time, b[1].solved)
    rates = solved[0] / sizes[0], solved[1] / sizes[1]
    plain = Comparison(
        a=a[0],
        b=b[0],
        n_a=sizes[0],
        n_b=sizes[1],
        rate_a=rates[0],
        rate_b=rates[1],
        limit=limit,
        difference=rates[0] - rates[1],
        difference_low=float(low),
        difference_high=float(high),
        sooner=sooner[0],
        sooner_low=sooner[1],
        sooner_high=sooner[2],
        z=z,
        p=p,
        p_holm=p,
        claimed=False,
        seeds=None,
        sentence="",
    )
    return with_verdict(plain, p, 1, confidence)


def _selected(
    counted: pd.DataFrame, argument: str, setting: Mapping[str, Any]
) -> npt.NDArray[np.bool_]:
    rows = np.ones(len(counted), bool)
    for name, value in setting.items():
        equal = counted[name].isna() if pd.isna(value) else counted[name] == value
        rows &= equal.to_numpy(bool, na_value=False)
    if not setting or not rows.any():
        existing = counted[list(setting)].drop_duplicates().head(_MOST_NAMED).to_dict("records")
        names = "; ".join(whole_label(row) for row in existing) or "no column is named"
        raise ValueError(f"{argument}={whole_label(setting)}: no run has that; there are {names}")
    return rows
