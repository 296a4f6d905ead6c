"""The figures in a sweep's report: those that fit the keys in which its runs differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from xorlab.analysis.column_names import SETTING
from xorlab.analysis.figures.effects import effects
from xorlab.analysis.figures.forest import cost_bars, shown_rows, success_bars
from xorlab.analysis.figures.held_out import ACCURACIES, LOSSES, VALIDATION, both_sets
from xorlab.analysis.figures.panels import MOST_PANELS, Draw, panels
from xorlab.analysis.figures.picture import WIDTH, Picture
from xorlab.analysis.figures.style import new_axes, new_figure
from xorlab.analysis.figures.survival import ert_curves, survival_curves
from xorlab.analysis.figures.sweep import curve_bands, success_heatmap
from xorlab.analysis.labels import in_order, setting_label
from xorlab.analysis.statistics.clock import clock_in
from xorlab.analysis.statistics.convergence import convergence
from xorlab.analysis.statistics.restarts import LEAST_SOLVED
from xorlab.analysis.statistics.tables import events_of
from xorlab.analysis.statistics.times import SEED, SOLVED, counted_runs

_MOST_LINES, _MOST_LOSS_BANDS = 4, 2  # in one figure; more are drawn as small multiples
_MOST_CELLS = 16  # values of a key in the heat map
_HEIGHT = 3.5  # inches
_GREY = " In grey: the other panels."
_POOLED = " Runs that differ in other keys count together."
_COLOURED = " In blue: the cheapest setting, and those that are not shown to cost more."
_ONCE = " A hollow dot has no interval, because one run was solved."
_NEVER = " A triangle is the lower end of the interval where none was solved."


def sweep_figures(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    settings: pd.DataFrame,
    by: Sequence[str],
    best: Collection[int] = (),
    further: Mapping[str, pd.DataFrame] | None = None,
    costs: pd.DataFrame | None = None,
) -> tuple[Picture, ...]:
    """The figures, those that answer the first question first.

    Args:
        runs: with or without an outcome; no value in the columns ``by`` is missing.
        curves: of those runs.
        settings: from `xorlab.convergence`, by the same columns, in the order of the report.
        by: the columns that make a setting.
        best: rows of ``settings`` that may be the cheapest, drawn in colour.
        further: curves by name, of those runs or of some of them, that are not of the loss.
        costs: ``settings`` in the time that compares them; None where that is epochs.
    """
    costs = settings if costs is None else costs
    drawn = [*_figures(runs, curves, settings, by, best, costs)]
    if further:
        drawn += _both_sets(runs, {"loss": curves, **further}, settings, by)
    return tuple(Picture(name, caption, draw) for name, caption, draw in drawn)


def _both_sets(
    runs: pd.DataFrame,
    curves: Mapping[str, pd.DataFrame],
    settings: pd.DataFrame,
    by: Sequence[str],
) -> Iterator[tuple[str, str, Callable[[], Axes | Figure]]]:
    """The curves of the training and of the validation set, where there are both."""
    lines, key = _with_lines(runs, settings, by)
    pooled = "" if key == SETTING or by == [key] else _POOLED
    grey = _GREY if len(settings) > 1 else ""
    for what, names in (("loss", LOSSES), ("accuracy", ACCURACIES)):
        if not all(len(curves.get(name, ())) for name in names.values()):
            continue
        n = curves[names[VALIDATION]]["run_id"].nunique()
        few = f"{n:,} of {len(lines):,} runs" if n < len(lines) else "the runs"
        caption = (
            f"The {what} of the training set (solid) and of the validation set (dashed) along the "
            f"way: median and middle half of {few}.{grey}{pooled}"
        )
        draw: Draw = partial(_draw_both, curves, names)
        title = f"{what.capitalize()} of both sets"
        yield f"validation_{what}.png", caption, partial(panels, lines, key, draw, title)


def _draw_both(
    curves: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    runs: pd.DataFrame,
    _by: str,  # of the panels, each of which shows one value
    ax: Axes,
) -> Axes:
    return both_sets(runs, curves, names, ax)


def _figures(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    settings: pd.DataFrame,
    by: Sequence[str],
    best: Collection[int],
    costs: pd.DataFrame,
) -> Iterator[tuple[str, str, Callable[[], Axes | Figure]]]:
    lines, key = _with_lines(runs, settings, by)
    clock = clock_in(costs)
    one = clock.removesuffix("s")
    any_solved = bool((lines["outcome"] == SOLVED).any())
    several = len(settings) > 1
    pooled = "" if key == SETTING or by == [key] else _POOLED
    grey = _GREY if lines[key].nunique() > _MOST_LINES else ""
    coloured = _COLOURED if several and best else ""
    # A page about one setting says its rate in its first sentence; the file is there all the same.
    rates = f"How often each setting is solved.{coloured}" if several else ""
    yield "success.png", rates, lambda: success_bars(settings, by, best=best)
    if several and any_solved:
        solved = settings["solved"].iloc[shown_rows(costs)]
        marks = f"{_ONCE * bool((solved == 1).any())}{_NEVER * bool((solved == 0).any())}"
        caption = (
            f"{clock.capitalize()} per success: those to expect until a run is solved, if each run "
            f"is given up at the setting's best cutoff and another seed started.{coloured}{marks}"
        )
        yield "cost.png", caption, lambda: cost_bars(costs, by, best=best)
    caption = (
        f"The share of runs not solved yet by each {one} (Kaplan and Meier's estimate) with its "
        f"95 % band; a tick is a run that ended there unsolved.{grey}{pooled}"
    )
    yield (
        "survival.png",
        caption if any_solved else "",  # without a solved run it is a level line
        _several(_until(None, clock), lines, key, "Share of runs not solved yet"),
    )
    for event in events_of(runs):
        yield (
            f"survival_{event}.png",
            f"The share of runs that have not reached the event “{event}” by each {one}, with its "
            f"95 % band; a tick is a run that ended there without it.{grey}{pooled}",
            _several(_until(event, clock), lines, key, f"Share of runs without “{event}” yet"),
        )
    if any_solved:
        once = ", runs of one seed counted once" if pooled else ""
        caption = (
            f"{clock.capitalize()} per success (ERT), against the cutoff: the {clock} after "
            "which a run is given up and another seed started. The dot is the best cutoff of those "
            f"by which at least {LEAST_SOLVED} runs were solved{once}.{grey}{pooled}"
        )
        yield "ert.png", caption, _several(_ert(clock), lines, key, "Cost of a success by cutoff")
    if len(by) > 1:
        x, y = sorted(by, key=lambda name: -settings[name].nunique())[:2]
        cells = _ordered(convergence(runs, by=[x, y], cluster=SEED), settings, [y, x])
        shown = settings[x].nunique() <= _MOST_CELLS and settings[y].nunique() <= 2 * _MOST_CELLS
        rest = _POOLED if len(by) > 2 else ""
        yield (
            "heatmap.png",
            f"The success rate over two keys.{rest}" if shown and any_solved else "",
            lambda: success_heatmap(cells, x, y, new_axes(WIDTH, _heat_height(cells[y].nunique()))),
        )
    if len(by) > 2:
        tables = {
            name: _ordered(convergence(runs, by=[name], cluster=SEED), settings, [name])
            for name in by
        }
        caption = "The success rate by each key alone, over all values of the others."
        yield "effects.png", caption if any_solved else "", lambda: _effects(tables)
    if len(curves):
        grey = _GREY if lines[key].nunique() > _MOST_LOSS_BANDS else ""
        caption = (
            "The loss along the way: median, middle half and middle 90 % of the runs."
            f"{grey}{pooled}"
        )
        bands: Draw = lambda some, key, ax: curve_bands(some, curves, key, ax)  # noqa: E731
        yield "curves.png", caption, _several(bands, lines, key, "Loss", _MOST_LOSS_BANDS)


def _until(event: str | None, clock: str) -> Draw:
    """Draw the share of runs that have not reached an event yet."""
    return lambda some, key, ax: survival_curves(some, key, ax, event=event, time=clock)


def _ert(clock: str) -> Draw:
    return lambda some, key, ax: ert_curves(some, key, ax, time=clock)


def _several(
    draw: Draw, lines: pd.DataFrame, key: str, title: str, most: int = _MOST_LINES
) -> Callable[[], Axes | Figure]:
    """Draw the lines in one figure, or as small multiples if there are too many for one."""
    if lines[key].nunique() > most:
        return partial(panels, lines, key, draw, title)

    def together() -> Axes:
        ax = draw(lines, key, new_axes(WIDTH, _HEIGHT))
        ax.set_title(title, loc="left")
        return ax

    return together


def _effects(tables: dict[str, pd.DataFrame]) -> Figure:
    down = -(-len(tables) // 3)
    figure = new_figure(WIDTH, 0.6 + 1.5 * down)
    axes = list(figure.subplots(down, 3, sharey=True, squeeze=False).ravel())
    effects(tables, axes)
    for ax in axes[len(tables) :]:
        ax.set_visible(False)
    figure.supylabel("runs solved / %", fontsize=9)
    figure.suptitle("Success rate by key", x=0.01, ha="left", fontsize=9.5, weight="bold")
    return figure


def _heat_height(rows: int) -> float:
    return min(0.9 + 0.55 * max(rows, 3), 6.0)


def _ordered(table: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A table with the values of its keys in order: numbers by size, others as in the report."""

    def rank(column: pd.Series) -> pd.Series:
        values = in_order(pd.unique(settings[column.name]))
        return column.map({value: n for n, value in enumerate(values)})

    return table.sort_values(list(by), key=rank, ignore_index=True)


def _with_lines(
    runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str]
) -> tuple[pd.DataFrame, str]:
    """The runs, and a column with few enough values to draw each as a line.

    The column holds whole settings where these are few, otherwise the key with the most values
    that still fit.
    """
    counted = counted_runs(runs, by, "by")
    if len(settings) == 1:
        return counted.assign(**{SETTING: "all runs"}), SETTING
    if len(settings) <= MOST_PANELS and len(by) > 1:
        labels = settings[list(by)].copy()
        names = [setting_label(row, by) for row in labels.to_dict("records")]
        labels[SETTING] = names
        label = counted[list(by)].merge(labels, "left", list(by))[SETTING]
        ordered = pd.Categorical(label, categories=list(dict.fromkeys(names)), ordered=True)
        return counted.assign(**{SETTING: ordered}), SETTING
    few = [name for name in by if settings[name].nunique() <= MOST_PANELS]
    if few:
        key = max(few, key=lambda name: settings[name].nunique())
        values = in_order(pd.unique(settings[key]))
        return counted.assign(**{key: pd.Categorical(counted[key], values, ordered=True)}), key
    return counted.assign(**{SETTING: "all settings"}), SETTING
