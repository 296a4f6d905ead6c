"""Which setting answers patterns best that it has not learned."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from xorlab.analysis.statistics.comparison import holm
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats
from xorlab.analysis.statistics.times import SEED

_LEAST = 2  # runs of a setting, or seeds of a pair

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class HeldOut:
    """One setting against the best one.

    Attributes:
        n: runs with a value.
        mean: of their values, and its interval (Student 1908), in which each seed counts once.
        behind: mean difference from the best setting, and its interval; None for the best itself.
        p: two-sided, corrected for all pairs of settings (Bonferroni); None for the best itself.
        paired: whether it was compared seed by seed.
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
    runs: pd.DataFrame, groups: Sequence[npt.NDArray[np.intp]], name: str
) -> list[HeldOut]:
    """Each setting against the one with the highest mean.

    Seed by seed where all seeds of both are the same (Wilcoxon's signed-rank test, 1945), else as
    independent runs (Mann & Whitney 1947). The best was chosen by these runs, so p-values are
    corrected for all pairs. Of a seed that has several runs in a setting, as on several folds of
    the data, the mean counts.

    Args:
        runs: with the column ``name``, and perhaps seeds.
        groups: rows of each setting.
        name: of a metric that is the better the larger it is; runs without a value do not count.

    Raises:
        ValueError: fewer than two settings, or one with values of fewer than two seeds.
    """
    counts = [int(runs[name].iloc[rows].notna().sum()) for rows in groups]
    values = [_by_seed(runs.iloc[rows], name) for rows in groups]
    if len(values) < _LEAST or min(map(len, values)) < _LEAST:
        raise ValueError(f"{name}: needs two settings, each with at least two seeds that have it")
    numbers: list[Floats] = [np.asarray(one, np.float64) for one in values]
    best = int(np.argmax([one.mean() for one in numbers]))
    seeds = [one.index.tolist() if SEED in runs else None for one in values]
    pairs = [
        None if row == best else _pair(numbers[row], numbers[best], seeds[row], seeds[best])
        for row in range(len(numbers))
    ]
    tests = len(numbers) * (len(numbers) - 1) // 2
    p = iter(holm(np.array([pair[1] for pair in pairs if pair is not None]), tests))
    return [
        HeldOut(n, _mean(own))
        if pair is None
        else HeldOut(n, _mean(own), pair[0], float(next(p)), pair[2])
        for n, own, pair in zip(counts, numbers, pairs, strict=True)
    ]


def _by_seed(runs: pd.DataFrame, name: str) -> pd.Series[float]:
    """The values of a setting's runs, for each seed their mean; of each run if seeds are unknown.

    Runs without a value are left out.
    """
    known = runs[runs[name].notna()]
    return known.groupby(SEED, sort=False)[name].mean() if SEED in runs else known[name]


def _pair(
    a: Floats, b: Floats, seeds_a: list[Hashable] | None, seeds_b: list[Hashable] | None
) -> tuple[Triple, float, bool]:
    """A minus B with its interval, the p-value, and whether it was made in pairs."""
    from scipy import stats  # it takes a while to import

    if seeds_a is not None and seeds_b is not None and set(seeds_a) == set(seeds_b):
        other = dict(zip(seeds_b, b.tolist(), strict=True))
        differences = a - np.array([other[seed] for seed in seeds_a])
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


def _mean(values: Floats) -> Triple:
    middle, n = float(values.mean()), len(values)
    half = float(special.stdtrit(n - 1, 0.5 + CONFIDENCE / 2) * values.std(ddof=1) / np.sqrt(n))
    return middle, middle - half, middle + half
