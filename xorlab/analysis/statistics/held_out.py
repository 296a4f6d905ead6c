"""Which setting answers patterns best that it has not learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from xorlab.analysis.statistics.comparison import holm
from xorlab.analysis.statistics.draws import overlap
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.times import SEED

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


def held_out(
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
    shared = overlap(runs) if draws else 0.0
    counts = [int(runs[name].iloc[rows].notna().sum()) for rows in groups]
    values = [_means(runs.iloc[rows], name, keys) for rows in groups]
    if len(values) < _LEAST or min(map(len, values)) < _LEAST:
        raise ValueError(
            f"{name}: needs two settings, each with at least two values of "
            f"{' and '.join(keys) or 'it'}"
        )
    best = int(np.argmax([one.mean() for one in values]))
    pairs = [
        None if row == best else _pair(own, values[best], bool(keys), shared)
        for row, own in enumerate(values)
    ]
    tests = len(values) * (len(values) - 1) // 2
    p = iter(holm(np.array([pair[1] for pair in pairs if pair is not None]), tests))
    means = [_mean(np.asarray(own, np.float64), shared) for own in values]
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
    own: pd.Series[float], best: pd.Series[float], named: bool, shared: float
) -> tuple[Triple, float, bool]:
    """One minus the best with its interval, the p-value, and whether it was made in pairs.

    Args:
        own: values of one setting, by seed or draw.
        best: those of the other.
        named: whether equal seeds or draws belong together.
        shared: `overlap` of draws; 0 for seeds.
    """
    from scipy import stats  # it takes a while to import

    a, b = np.asarray(own, np.float64), np.asarray(best, np.float64)
    if named and set(own.index) == set(best.index):
        differences = np.asarray(own - best.reindex(own.index), np.float64)
        if shared:
            return _mean(differences, shared), _corrected_p(differences, shared), True
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


def _corrected_p(differences: Floats, shared: float) -> float:
    """Of Student's t with the corrected variance; 1 where draws do not differ at all."""
    error = _error(differences, shared)
    if not error:
        return 1.0
    return 2 * float(special.stdtr(len(differences) - 1, -abs(differences.mean()) / error))


def _error(values: Floats, shared: float) -> float:
    """The standard error of a mean, of values from sets of patterns that overlap."""
    return float(values.std(ddof=1) * np.sqrt(1 / len(values) + shared))


def _mean(values: Floats, shared: float = 0.0) -> Triple:
    middle = float(values.mean())
    t = float(special.stdtrit(len(values) - 1, 0.5 + CONFIDENCE / 2))
    half = t * _error(values, shared)
    return middle, middle - half, middle + half
