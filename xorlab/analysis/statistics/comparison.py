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
from xorlab.analysis.statistics.clock import EPOCHS, timed
from xorlab.analysis.statistics.design import Side, design_of, sides_of
from xorlab.analysis.statistics.groups import rows_by_setting
from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, z_value
from xorlab.analysis.statistics.measured import measure
from xorlab.analysis.statistics.repeats import warn_of_repeats
from xorlab.analysis.statistics.superiority import Resamples
from xorlab.analysis.statistics.tables import WithRuns
from xorlab.analysis.statistics.times import counted_runs, names_of
from xorlab.analysis.statistics.verdict import Comparison, with_verdict
from xorlab.analysis.statistics.verdict_words import Words

_MOST_NAMED = 10


def compare(
    runs: pd.DataFrame | WithRuns,
    a: Mapping[str, Any],
    b: Mapping[str, Any],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    *,
    paired: str | bool | None = None,
    cluster: str | None = None,
    anytime: bool = False,
    event: str | None = None,
    time: str = EPOCHS,
) -> Comparison:
    """Compare two settings: which is solved sooner, and which more often.

    Settings that share seeds and start from the same initial weights are compared seed by seed:
    a sign test of which run of a pair is solved sooner, two unsolved ones being tied, and
    McNemar's (1947) test of the rates, both exact. Success of one seed correlates with 0.86 to 0.98
    between learning rates, so this finds differences with far fewer runs. Other settings are
    compared as independent runs: the log-rank test (by permutation, where fewer than 30 runs
    are in a setting or were solved) and Fisher's exact test of the rates.

    A setting is claimed to solve sooner if the first test is significant, and the interval of
    ``sooner`` excludes 1/2; it is claimed to solve more often if one of the tests is significant
    and the interval of the difference excludes 0. The test of the rates alone counts at a fifth of
    the level, so that both claims together keep it. In 2,000 simulated experiments of each kind
    without a difference, a claim was made in 0 to 5.1 % (standard error at most 0.5 %): 2.5, 5.1
    and 4.9 % for 10, 30 and 100 runs of each, 0 to 5.0 % for 1 against 40 to 30 against 200, 1.8
    and 5.1 % where a tenth of 30 and of 100 runs was solved, 2.4 % where nearly all were, 2.0 to
    4.0 % for 10 to 100 pairs, 2.9 and 3.5 % for pooled learning rates, 1.1 and 1.6 % for ten looks
    with ``anytime``, and 4.2 % for fresh seeds alone. The p-value of the first test was below 0.05
    in at most 5.5 % (`python -m tests.benchmarks.coverage claims`).

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome do not count, and of
            runs with the same ``key`` only the last does.
        a: values of columns that select the runs of A, such as ``{"optimizer.lr": 0.5}``.
        b: the same for B.
        confidence: of the intervals; a difference is claimed at the level 1 - confidence.
        resamples: of the bootstrap.
        seed: of the bootstrap and of permutations.
        paired: the column of what makes a pair, such as ``"seed"``, to compare in pairs; False for
            independent runs. None is ``"seed"`` where both settings start from the same weights:
            where the runs have the keys of the built-in trainer, and those of the task, the sizes
            and the initial weights are the same.
        cluster: the column with the same value in runs of a setting that are not independent.
            Naming it says that pooling is meant; None is ``seed``, with a warning where one is
            repeated. Either way each seed counts once.
        anytime: use a test that stays valid while seeds are added: of which run of a pair is the
            sooner, by betting (see `xorlab.analysis.statistics.sequential`). Where initial
            weights differ, pairs are made in the order of the seeds. It needs more seeds.
        event: one that a `xorlab.Recorder` noted, to count in place of the solution.
        time: ``epochs``, or ``evaluations``: points at which a run computed the loss or its
            gradient, to compare optimizers that search along lines with others. Columns keep their
            names.

    Raises:
        ValueError: the runs lack a column; no run has the values (the message lists those that
            exist); a run is in both settings; the epoch limit of an unsolved run is unknown; or
            pairs are asked for where there are none.
    """
    z_value(confidence)
    for name, setting in (("a", a), ("b", b)):
        if not isinstance(setting, Mapping):
            raise ValueError(
                f"{name}={setting!r}: must have a value for each column, such as "
                '{"optimizer.lr": 0.5}'
            )
    counted = counted_runs(timed(runs, event, time), [*a, *b], "a, b")
    chosen = [_selected(counted, name, setting) for name, setting in (("a", a), ("b", b))]
    if (chosen[0] & chosen[1]).any():
        raise ValueError(f"a={whole_label(a)}, b={whole_label(b)}: must not have a run in common")
    both = counted[chosen[0] | chosen[1]]
    in_a = chosen[0][chosen[0] | chosen[1]]
    sides = sides_of(both, paired, cluster)
    first, second = (
        sides.side(whole_label(setting), np.flatnonzero(rows))
        for setting, rows in ((a, in_a), (b, ~in_a))
    )
    for side, setting, rows in ((first, a, in_a), (second, b, ~in_a)):
        if cluster is None and side.repeated and sides.seeded:
            warn_of_repeats(both[rows], setting, sides.column)
            break
    _check_limits(first, second)
    design = design_of(first, second, sides, paired)
    limit = min(first.times.comparable, second.times.comparable)
    store = Resamples(resamples, seed)
    measured = measure(first, second, design, limit, confidence, store, anytime)
    plain = Comparison.of(first.name, second.name, limit, measured, design)
    words = Words.of(event, time)
    return with_verdict(plain, plain.p, plain.p_rate, 1, confidence, measured, words=words)


def compare_all(
    runs: pd.DataFrame | WithRuns,
    by: Sequence[str],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
    *,
    paired: str | bool | None = None,
    cluster: str | None = None,
    anytime: bool = False,
    event: str | None = None,
    time: str = EPOCHS,
    against: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Compare every pair of settings, with Holm's (1979) correction of the tests.

    With ``against`` only the pairs of one setting are compared, with Bonferroni's correction.

    Each pair is compared as `compare` does it: one may be paired, and another not.

    Args:
        runs: as `xorlab.load_runs` returns them; those without an outcome do not count, and of
            runs with the same ``key`` only the last does.
        by: columns that make a setting.
        confidence: of each interval, and of all claims together.
        resamples: of the bootstrap.
        seed: of the bootstrap and of permutations.
        paired: see `compare`.
        cluster: see `compare`.
        anytime: see `compare`.
        event: see `compare`.
        time: see `compare`.
        against: a setting, as a value for each column of ``by``, to compare only the pairs that it
            is in. The correction still counts all pairs (Bonferroni's, as the others are not
            tested), because a reader may have chosen the setting by these very runs.

    Returns:
        a row per pair, with the first setting in sorted order as A: each column X of ``by`` as
        ``a.X`` and ``b.X``, then the fields of `Comparison`.

    Raises:
        ValueError: fewer than two settings, or as `compare` and `xorlab.convergence`.
    """
    by = names_of(by)
    z_value(confidence)
    counted = counted_runs(timed(runs, event, time), by, "by")
    sides = sides_of(counted, paired, cluster)
    groups = rows_by_setting(counted, by)
    if len(groups) < 2:
        raise ValueError(f"by={by}: there is only one setting; a comparison needs two")
    settings = [counted[by].iloc[rows[0]].to_dict() for rows in groups]
    own = [sides.side(whole_label(s), rows) for s, rows in zip(settings, groups, strict=True)]
    repeated = [j for j, side in enumerate(own) if side.repeated and sides.seeded]
    if cluster is None and repeated:
        warn_of_repeats(counted.iloc[groups[repeated[0]]], settings[repeated[0]], sides.column)
    _check_limits(*own)
    store = Resamples(resamples, seed)
    every = list(combinations(range(len(own)), 2))
    pairs = every
    if against is not None:
        chosen = _named_setting(settings, against)
        pairs = [pair for pair in every if chosen in pair]
    plain = []
    for i, j in pairs:
        a, b = own[i], own[j]
        design = design_of(a, b, sides, paired)
        limit = min(a.times.comparable, b.times.comparable)
        measured = measure(a, b, design, limit, confidence, store, anytime)
        named = Comparison.of(a.name, b.name, limit, measured, design)
        plain.append((settings[i], settings[j], measured, named))
    p, p_rate = (
        holm(np.array([getattr(x[3], name) for x in plain]), len(every)) for name in ("p", "p_rate")
    )
    words = Words.of(event, time)
    correction = "Holm" if len(pairs) == len(every) else "Bonferroni"
    rows = []
    for first, second, (a, b, measured, one) in zip(p, p_rate, plain, strict=True):
        values = {f"a.{k}": v for k, v in a.items()} | {f"b.{k}": v for k, v in b.items()}
        ps = float(first), float(second)
        judged = with_verdict(one, *ps, len(every), confidence, measured, correction, words)
        rows.append(values | asdict(judged))
    frame = pd.DataFrame(rows)
    frame["seeds"] = frame["seeds"].astype("Int64")
    return frame


def holm(p: Floats, tests: int | None = None) -> Floats:
    """Holm's (1979) step-down correction of p-values, (m,) in the same order.

    Args:
        p: (m,) p-values.
        tests: how many tests they were chosen from; None for m. With more than m every p-value is
            multiplied by that number (Bonferroni's correction), as the others are not known.
    """
    if tests is not None and tests > len(p):
        return np.minimum(p * tests, 1.0)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def _named_setting(settings: Sequence[Mapping[str, Any]], named: Mapping[str, Any]) -> int:
    """The number of a setting given by its values."""
    for number, setting in enumerate(settings):
        if all(setting[k] == named.get(k) or pd.isna(setting[k]) for k in setting):
            return number
    raise ValueError(f"against={whole_label(named)}: no run has that")


def _check_limits(*sides: Side) -> None:
    for side in sides:
        if np.isnan(side.times.horizon):
            raise ValueError(
                f"{side.name}: the epoch limit of a run is unknown; add training.epochs"
            )


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
        kinds = "".join(_kind_note(counted[name], name, value) for name, value in setting.items())
        raise ValueError(
            f"{argument}={whole_label(setting)}: no run has that; there are {names}{kinds}"
        )
    return rows


def _kind_note(column: pd.Series[Any], name: str, value: object) -> str:
    """A note where text is looked for among numbers, or a number among texts."""
    if isinstance(value, str) and pd.api.types.is_numeric_dtype(column):
        return f" ({name} holds numbers, and {value!r} is text)"
    if isinstance(value, int | float) and column.map(lambda one: isinstance(one, str)).any():
        return f" ({name} holds text, as {str(value)!r})"
    return ""
