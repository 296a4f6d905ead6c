"""The figures that a sweep leaves: those that fit what differs between its runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.parallel import parallel_coordinates
from xorlab.analysis.figures.style import COLOURS, png, success_bars
from xorlab.analysis.figures.survival import ert_curves, survival_curves
from xorlab.analysis.figures.sweep import curve_bands, success_heatmap
from xorlab.analysis.labels import SETTING, setting_label
from xorlab.analysis.statistics.convergence import convergence
from xorlab.analysis.statistics.times import counted_runs

_MOST_LINES = len(COLOURS)  # more cannot be told apart


def gallery(
    runs: pd.DataFrame, curves: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]
) -> dict[str, bytes]:
    """File name to PNG.

    Args:
        runs: with an outcome or without, no key of ``by`` missing.
        curves: of those runs.
        settings: from `xorlab.convergence`, by these keys.
        by: the columns that make a setting.
    """
    drawn: dict[str, Callable[[], Axes]] = {"success.png": lambda: success_bars(settings, by)}
    if len(by) > 1:
        x, y = sorted(by, key=lambda name: -settings[name].nunique())[:2]
        cells = convergence(runs, by=[x, y])
        drawn["heatmap.png"] = lambda: success_heatmap(cells, x, y)
    told, key = _told_apart(runs, settings, by)
    drawn["survival.png"] = lambda: survival_curves(told, key)
    if (told["outcome"] == "solved").any():
        drawn["ert.png"] = lambda: ert_curves(told, key)
    if len(curves):
        drawn["curves.png"] = lambda: curve_bands(told, curves, key)
    if len(by) > 2:
        drawn["parallel.png"] = lambda: parallel_coordinates(settings, by)
    return {name: png(draw()) for name, draw in drawn.items()}


def _told_apart(
    runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]
) -> tuple[pd.DataFrame, str]:
    """Runs with a column whose values a figure can show as lines: settings, or one key's values."""
    counted = counted_runs(runs, by, "by")
    if len(settings) <= _MOST_LINES and len(by) > 1:
        told = counted[list(by)].drop_duplicates()
        told[SETTING] = [setting_label(row, by) for row in told.to_dict("records")]
        labels = counted[list(by)].merge(told, "left", list(by))[SETTING]
        return counted.assign(**{SETTING: labels.to_numpy()}), SETTING
    few = [name for name in by if settings[name].nunique() <= _MOST_LINES]
    if few:
        return counted, max(few, key=lambda name: settings[name].nunique())
    return counted.assign(**{SETTING: "all settings"}), SETTING
