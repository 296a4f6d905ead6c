"""Which setting answers patterns best that it has not learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from xorlab.analysis.statistics.comparison import holm
from xorlab.analysis.statistics.draws import drawn_keys, held_out_ratio
from xorlab.analysis.statistics.groups import rows_by_setting
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.times import SEED, counted_runs, names_of

# Settings are chosen by the validation set, and the test set describes the chosen one. Runs without
# a validation set are compared on the test set.
TEST_ACCURACY = "test_accuracy"
HELD_OUT_METRICS = {"final_validation_accuracy": "validation set", TEST_ACCURACY: "test set"}
_LEAST = 2  # runs of a setting, or seeds of a pair

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class HeldOut:
    """One setting against the best one.

    Attributes:
        n: runs with a value.
        mean: of their values, and its interval (Student 1908) over seeds, or draws of the data.
        behind: mean difference from the best setting, and its interval; None for the best itself.
        p: two-sided, corrected for all pairs of settings (Bonferroni); None for the best itself.
        paired: whether it was compared seed by seed, or draw by draw.
    """

    n: int
    mean: Triple
    behind: Triple | None = None
    p: float | None = None
    paired: bool = False

    @property
    def claimed(self) -> bool:
        """Whether it is claimed to be worse than the best."""
        if self.behind is None or self.p is None:
            return False
        return self.p < 1 - CONFIDENCE and self.behind[2] < 0


def held_out(runs: pd.DataFrame, by: Sequence[str], metric: str | None = None) -> pd.DataFrame:
    """Which setting answers patterns best that were held out, and how sure that is.

    One row per setting, in sorted order, against the one with the highest mean. Runs on several
    draws of the data (`task.fold`, `task.split_seed`) are compared draw by draw, others seed by
    seed, which is about the same held-out patterns alone: see
    `xorlab.analysis.statistics.held_out.against_best`.

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome or a value do not count.
        by: columns that make a setting.
        metric: the better the larger it is; None for the final accuracy on the validation set, or
            where that was not measured, on the test set.

    Returns:
        the columns of ``by``; ``n``, runs with a value; ``mean`` and its 95 % interval
        ``mean_low`` to ``mean_high``; ``behind``, the mean difference from the best setting, with
        ``behind_low`` to ``behind_high``; ``p``, corrected for all pairs; ``paired``; ``claimed``,
        whether it is claimed to be worse than the best. In the row of the best setting ``behind``
        and ``p`` are NaN.

    Raises:
        ValueError: no runs, no columns, no such metric; or as `against_best`.
    """
    by = names_of(by)
    counted = counted_runs(runs, by, "by").reset_index(drop=True)
    name = metric or held_out_metric(counted)
    if name is None or name not in counted:
        measured = name or " or ".join(HELD_OUT_METRICS)
        raise ValueError(f"metric={metric}: no run has {measured}")
    groups = rows_by_setting(counted, by)
    draws = [key for key in drawn_keys(counted) if key not in by]
    rows = []
    for own, one in zip(groups, against_best(counted, groups, name, draws), strict=True):
        triples = {"mean": one.mean, "behind": one.behind or (np.nan,) * 3}
        values = {
            f"{statistic}{end}": value
            for statistic, triple in triples.items()
            for end, value in zip(("", "_low", "_high"), triple, strict=True)
        }
        p = np.nan if one.p is None else one.p
        facts = {"n": one.n, **values, "p": p, "paired": one.paired, "claimed": one.claimed}
        rows.append(counted[by].iloc[own[0]].to_dict() | facts)
    return pd.DataFrame(rows)


def held_out_metric(runs: pd.DataFrame) -> str | None:
    """The accuracy by which settings are chosen; None if none was measured."""
    return next((one for one in HELD_OUT_METRICS if one in runs and runs[one].notna().any()), None)


def against_best(
    runs: pd.DataFrame,
    groups: Sequence[npt.NDArray[np.intp]],
    name: str,
    draws: Sequence[str] = (),
) -> list[HeldOut]:
    """Each setting against the one with the highest mean.

    Seed by seed where all seeds of both are the same (Wilcoxon's signed-rank test, 1945), else as
    independent runs (Mann & Whitney 1947). Where the runs are on several draws of the data, their
    seeds say little about other patterns: then the mean over the seeds of each draw counts, draw
    by draw, with Nadeau & Bengio's (2003) correction of Student's t for sets that overlap. The best
    was chosen by these runs, so p-values are corrected for all pairs.

    Args:
        runs: with the column ``name``, and perhaps seeds.
        groups: rows of each setting.
        name: of a metric that is the better the larger it is; runs without a value do not count.
        draws: the keys that draw the data, where it is not the same in all runs.

    Raises:
        ValueError: fewer than two settings, or one with values of fewer than two seeds or draws.
    """
    keys = list(draws) or [key for key in (SEED,) if key in runs]
    ratio = held_out_ratio(runs, draws) if draws else 0.0
    counts = [int(runs[name].iloc[rows].notna().sum()) for rows in groups]
    values = [_means(runs.iloc[rows], name, keys) for rows in groups]
    if len(values) < _LEAST or min(map(len, values)) < _LEAST:
        raise ValueError(
            f"{name}: needs two settings, each with at least two values of "
            f"{' and '.join(keys) or 'it'}"
        )
    best = int(np.argmax([one.mean() for one in values]))
    pairs = [
        None if row == best else _pair(own, values[best], bool(keys), ratio)
        for row, own in enumerate(values)
    ]
    tests = len(values) * (len(values) - 1) // 2
    p = iter(holm(np.array([pair[1] for pair in pairs if pair is not None]), tests))
    means = [_mean(np.asarray(own, np.float64), ratio) for own in values]
    return [
        HeldOut(n, mean) if pair is None else HeldOut(n, mean, pair[0], float(next(p)), pair[2])
        for n, mean, pair in zip(counts, means, pairs, strict=True)
    ]


def _means(runs: pd.DataFrame, name: str, keys: list[str]) -> pd.Series[float]:
    """The mean of a setting's runs for each value of the keys; without keys the value of each run.

    Runs without a value are left out.
    """
    known = runs[runs[name].notna()]
    return known.groupby(keys, sort=False)[name].mean() if keys else known[name]


def _pair(
    own: pd.Series[float], best: pd.Series[float], named: bool, ratio: float
) -> tuple[Triple, float, bool]:
    """One minus the best with its interval, the p-value, and whether it was made in pairs.

    Args:
        own: values of one setting, by seed or draw.
        best: those of the other.
        named: whether equal seeds or draws belong together.
        ratio: `held_out_ratio` of draws; 0 for seeds.
    """
    from scipy import stats  # it takes a while to import

    a, b = np.asarray(own, np.float64), np.asarray(best, np.float64)
    if named and set(own.index) == set(best.index):
        differences = np.asarray(own - best.reindex(own.index), np.float64)
        if ratio:
            return _mean(differences, ratio), _corrected_p(differences, ratio), True
        p = float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
        return _mean(differences), p, True
    p = float(stats.mannwhitneyu(a, b).pvalue)
    parts = np.array([a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)])
    error, middle = float(np.sqrt(parts.sum())), float(a.mean() - b.mean())
    if not error:
        return (middle, middle, middle), p, False
    # Welch (1947).
    freedom = parts.sum() ** 2 / (parts**2 / np.array([len(a) - 1, len(b) - 1])).sum()
    half = float(special.stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * error
    return (middle, middle - half, middle + half), p, False


def _corrected_p(differences: Floats, ratio: float) -> float:
    """Of Student's t with the corrected variance; 1 where draws do not differ at all."""
    error = _error(differences, ratio)
    if not error:
        return 1.0
    return 2 * float(special.stdtr(len(differences) - 1, -abs(differences.mean()) / error))


def _error(values: Floats, ratio: float) -> float:
    """The standard error of a mean, of values from sets of patterns that overlap."""
    return float(values.std(ddof=1) * np.sqrt(1 / len(values) + ratio))


def _mean(values: Floats, ratio: float = 0.0) -> Triple:
    middle = float(values.mean())
    t = float(special.stdtrit(len(values) - 1, 0.5 + CONFIDENCE / 2))
    half = t * _error(values, ratio)
    return middle, middle - half, middle + half
