"""The figures in a sweep's report: those that fit the keys in which its runs differ."""

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
from xorlab.analysis.statistics.times import SOLVED, counted_runs

_MOST_LINES = len(COLOURS)  # with more lines, colours would repeat


def sweep_figures(
    runs: pd.DataFrame, curves: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]
) -> dict[str, bytes]:
    """The figures as PNG files, by file name.

    Args:
        runs: with or without an outcome; no value in the columns ``by`` is missing.
        curves: of those runs.
        settings: from `xorlab.convergence`, by the same columns.
        by: the columns that make a setting.
    """
    drawn: dict[str, Callable[[], Axes]] = {"success.png": lambda: success_bars(settings, by)}
    if len(by) > 1:
        x, y = sorted(by, key=lambda name: -settings[name].nunique())[:2]
        cells = convergence(runs, by=[x, y], cluster="seed")
        drawn["heatmap.png"] = lambda: success_heatmap(cells, x, y)
    lines, key = _with_lines(runs, settings, by)
    drawn["survival.png"] = lambda: survival_curves(lines, key)
    if (lines["outcome"] == SOLVED).any():
        drawn["ert.png"] = lambda: ert_curves(lines, key)
    if len(curves):
        drawn["curves.png"] = lambda: curve_bands(lines, curves, key)
    if len(by) > 2:
        drawn["parallel.png"] = lambda: parallel_coordinates(settings, by)
    return {name: png(draw()) for name, draw in drawn.items()}


def _with_lines(
    runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]
) -> tuple[pd.DataFrame, str]:
    """The runs, and a column with few enough values to draw each as a line.

    The column holds whole settings where these are few, otherwise the key with the most values
    that still fit.
    """
    counted = counted_runs(runs, by, "by")
    if len(settings) <= _MOST_LINES and len(by) > 1:
        labels = counted[list(by)].drop_duplicates()
        labels[SETTING] = [setting_label(row, by) for row in labels.to_dict("records")]
        label = counted[list(by)].merge(labels, "left", list(by))[SETTING]
        return counted.assign(**{SETTING: label.to_numpy()}), SETTING
    few = [name for name in by if settings[name].nunique() <= _MOST_LINES]
    if few:
        return counted, max(few, key=lambda name: settings[name].nunique())
    return counted.assign(**{SETTING: "all settings"}), SETTING
