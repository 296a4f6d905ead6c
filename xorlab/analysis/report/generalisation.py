"""Which setting answers best what it has not learned: a section of the report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.analysis.column_names import NETWORK_KEY
from xorlab.analysis.labels import headers, setting_label, short
from xorlab.analysis.report.section import Section
from xorlab.analysis.statistics.groups import rows_by_setting
from xorlab.analysis.statistics.held_out import (
    HELD_OUT_METRICS,
    TEST_ACCURACY,
    HeldOut,
    against_best,
    held_out_metric,
)
from xorlab.analysis.statistics.verdict import in_points

_MOST_ROWS = 30


def generalisation(
    runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str], draws: Sequence[str] = ()
) -> Section | None:
    """The accuracy of every setting on held-out patterns, against that of the best one.

    Args:
        runs: that count, with an outcome.
        settings: from `xorlab.convergence`, in the order of the report.
        by: the columns that make a setting.
        draws: the keys that draw the data, in which runs of one setting differ.

    Returns:
        None where there are fewer than two settings, or fewer than two runs of one were measured,
        or where a value is not a share.
    """
    name = _metric(runs)
    if name is None:
        return None
    title, origin = "Which setting generalises best", ""
    if NETWORK_KEY not in runs:  # what another trainer means by the name is not known
        title = f"Which setting has the highest {name}"
        origin = (
            f"This is here because the trainer records {name}, which is taken to be the share of "
            "right answers on patterns that were held out. "
        )
    groups = _groups(runs, settings, by)
    runs = runs.reset_index(drop=True)
    try:
        found = against_best(runs, groups, name, draws)
    except ValueError:
        return None
    records = settings[list(by)].to_dict("records")
    rows = [
        [*(short(record[key]) for key in by), *_cells(one)]
        for record, one in zip(records, found, strict=True)
    ]
    best = next(n for n, one in enumerate(found) if one.behind is None)
    worse = sum(one.claimed for one in found)
    where = HELD_OUT_METRICS[name]
    text = (
        f"{setting_label(records[best], by)} has the highest mean accuracy on the {where}, "
        f"{_percent(found[best].mean)}; {_worse(worse, len(found) - 1)}."
    )
    texts = [text]
    if name != TEST_ACCURACY and TEST_ACCURACY in runs:
        tested = runs[TEST_ACCURACY].iloc[groups[best]].mean()
        texts.append(
            f"On the test set, which had no part in that, it has {100 * tested:.1f} % on average."
        )
    if not draws and NETWORK_KEY in runs:
        texts.append(
            f"That is over seeds, for the patterns of this {where} alone. To know whether it holds "
            "for others, draw the sets anew: sweep task.fold or task.split_seed."
        )
    header = (
        *headers(by),
        "runs",
        "accuracy / %",
        "minus best / points",
        "p",
        "what can be claimed",
    )
    over = "seeds"
    how = "seed by seed (Wilcoxon) where both have the same seeds"
    if draws:
        over = f"draws of the data ({' and '.join(draws)}), for each the mean over its seeds"
        how = (
            "draw by draw (Student's t, with the correction of Nadeau and Bengio 2003 for sets "
            "that overlap) where both have the same draws"
        )
    note = (
        f"{origin}Mean accuracy on the {where} with its 95 % interval over {over}. Differences "
        f"from the best setting: {how}, else as independent runs (Mann and Whitney); p is "
        "corrected for all pairs (Bonferroni), because the best was chosen by these runs; the "
        "intervals are not."
    )
    return Section(
        title,
        texts,
        header,
        rows[:_MOST_ROWS],
        len(by),
        more=rows[_MOST_ROWS:],
        keys=True,
        note=note,
    )


def _worse(worse: int, others: int) -> str:
    """How many of the other settings are shown to be worse than the best one."""
    if others == 1:
        return f"the other one is{'' if worse else ' not'} shown to be lower"
    shown = f"{worse:,}" if worse else "none"
    return f"{shown} of the other {others:,} {'are' if worse > 1 else 'is'} shown to be lower"


def most_accurate(
    runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]
) -> pd.DataFrame | None:
    """The runs of the setting with the highest mean accuracy on held-out patterns.

    Args:
        runs: with an outcome.
        settings: from `xorlab.convergence`, in the order of the report.
        by: the columns that make a setting.

    Returns:
        None where no accuracy on held-out patterns was measured.
    """
    name = _metric(runs)
    if name is None:
        return None
    groups = _groups(runs, settings, by)
    means = np.array([runs[name].iloc[rows].mean() for rows in groups])
    return runs.iloc[groups[int(np.nanargmax(means))]]


def _metric(runs: pd.DataFrame) -> str | None:
    """The accuracy by which settings are chosen; None if none was measured from 0 to 1."""
    name = held_out_metric(runs)
    return name if name is not None and runs[name].dropna().between(0, 1).all() else None


def _groups(
    runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]
) -> list[npt.NDArray[np.intp]]:
    """The rows of the runs of each setting."""
    values = runs[list(by)]
    of_group = {tuple(values.iloc[rows[0]]): rows for rows in rows_by_setting(runs, by)}
    return [of_group[tuple(row)] for row in settings[list(by)].itertuples(index=False)]


def _cells(one: HeldOut) -> list[str]:
    cells = [f"{one.n:,}", _percent(one.mean, "")]
    if one.behind is None or one.p is None:
        return [*cells, "", "", "highest"]
    points = [text.replace("-", "\N{MINUS SIGN}") for text in in_points(one.behind)]
    p = "< 0.0001" if one.p < 1e-4 else f"{one.p:.2g}"
    claim = "lower" if one.claimed else "no difference shown"
    return [*cells, f"{points[0]} [{points[1]} to {points[2]}]", p, claim]


def _percent(mean: tuple[float, float, float], unit: str = " %") -> str:
    middle, low, high = (100 * min(max(value, 0.0), 1.0) for value in mean)
    return f"{middle:.1f}{unit} [{low:.1f} to {high:.1f}]"
