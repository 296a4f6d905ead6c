"""The summary of a sweep, or of any table of runs: its settings, findings, figures and files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from xorlab.analysis.column_names import SETTING
from xorlab.analysis.counts import WITH_ERROR, counted, endings
from xorlab.analysis.figures.forest import INTERVAL
from xorlab.analysis.figures.picture import Picture
from xorlab.analysis.labels import (
    in_order,
    settings_columns,
    shared_settings,
    short,
    with_missing_named,
)
from xorlab.analysis.report.answer import answer, if_unsolved
from xorlab.analysis.report.basis import basis
from xorlab.analysis.report.column import GroupedRuns
from xorlab.analysis.report.differences import differences
from xorlab.analysis.report.generalisation import generalisation
from xorlab.analysis.report.section import Section
from xorlab.analysis.report.settings_table import SettingsTable, settings_table
from xorlab.analysis.report.sweep_figures import sweep_figures
from xorlab.analysis.statistics.clock import EPOCHS, EVALUATIONS, clock_of
from xorlab.analysis.statistics.convergence import convergence
from xorlab.analysis.statistics.design import start_columns
from xorlab.analysis.statistics.draws import drawn_keys
from xorlab.analysis.statistics.restarts import LEAST_SOLVED
from xorlab.analysis.statistics.sequential import confidence_sequence
from xorlab.analysis.statistics.tables import event_columns
from xorlab.analysis.statistics.times import (
    KEY,
    OBSERVED,
    OUTCOMES,
    SEED,
    counted_runs,
    ended_early,
)
from xorlab.analysis.statistics.winner import cheapest

_LONGEST_NOTE = 7500  # characters; MLflow cuts or refuses tags beyond 8,000


@dataclass(frozen=True)
class Summary:
    """A table of runs, summarised.

    Attributes:
        headline: one line: how many runs, in what time, with which outcomes.
        runs: from `xorlab.load_runs`.
        curves: from `xorlab.load_curves`, of these runs, or of some of very many.
        by: the columns that make a setting.
        settings: from `xorlab.convergence`, in the order of the report; empty where no run has an
            outcome.
        table: of the settings, for a reader.
        shared: the keys with the same value in every run, and that value.
        answer: the first sentence of the report.
        basis: sentences on what was pooled, paired or left out.
        differences: which settings differ; None where there is nothing to compare.
        generalisation: which setting answers held-out patterns best; None where none are.
        confusion: what held-out patterns are taken for; None where they are not of classes, or
            that was not asked.
        failures: why runs were not solved; None where that was not asked, or where all were.
        best: rows of ``settings`` that may be the cheapest, the likeliest first.
        notes: further lines, such as why an adaptive sweep stopped.
        figures: in the order of the report; one without a caption is a file only.
    """

    headline: str
    runs: pd.DataFrame
    curves: pd.DataFrame
    by: list[str]
    settings: pd.DataFrame
    table: SettingsTable = SettingsTable()
    shared: dict[str, Any] = field(default_factory=dict)
    answer: str = ""
    basis: tuple[str, ...] = ()
    differences: Section | None = None
    generalisation: Section | None = None
    confusion: Section | None = None
    failures: Section | None = None
    best: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    figures: tuple[Picture, ...] = ()

    @property
    def findings(self) -> tuple[str, ...]:
        """The answer, and which setting generalises best where the answer does not say that."""
        held_out = () if self.generalisation is None else tuple(self.generalisation.text[:1])
        return (self.answer, *(one for one in held_out if one not in self.answer))

    @property
    def markdown(self) -> str:
        """The description of a parent run, with as many settings and notes as fit into it."""
        most = max(len(self.settings), len(self.notes))
        while len(text := self._described(most)) > _LONGEST_NOTE and most:
            most //= 2
        return text[:_LONGEST_NOTE]

    def _described(self, most: int) -> str:
        parts = [*self.findings, self.headline]
        if len(self.settings):
            parts.append(self.table.markdown(most))
        if self.failures is not None:
            parts.append(" ".join(self.failures.text))
        if self.notes:
            left = len(self.notes) - most
            lines = [
                *self.notes[:most],
                *([f"and {left:,} more in report.html"] if left > 0 else []),
            ]
            parts.append("\n".join(f"- {line}" for line in lines))
        return "\n\n".join(filter(None, parts))

    def files(self) -> dict[str, bytes]:
        """The tables, except that of the curves, as files by name."""
        made = {"runs.parquet": parquet(self.runs)}
        if len(self.settings):
            made["settings.parquet"] = parquet(self.settings)
        return made

    def pictures(self) -> dict[str, bytes]:
        """The figures as PNG files by name, those that the page leaves out included."""
        figures = list(self.figures)
        if self.failures is not None and self.failures.picture is not None:
            figures.append(self.failures.picture)
        return {figure.name: figure.png for figure in figures}

    def curves_table(self) -> bytes:
        """The curves as Parquet."""
        return parquet(self.curves)


def notes_of(markdown: str) -> list[str]:
    """The notes in a description made by `Summary.markdown`, as many as fitted into it."""
    last = markdown.rpartition("\n\n")[2].splitlines()
    return [line.removeprefix("- ") for line in last if line.startswith("- ")]


def headline(runs: pd.DataFrame, seconds: float | None = None, skipped: int = 0) -> str:
    """How many runs, in what time, with which outcomes, for a report.

    Args:
        runs: from `xorlab.load_runs`.
        seconds: time to train and record the runs that were not skipped; None if unknown.
        skipped: how many of the runs had finished before. Where there are some, the time is left
            out: a report is of all runs, however often its sweep was started.
    """
    took = "" if seconds is None or skipped else f" in {seconds:,.1f} s"
    return f"{counted(len(runs), 'run')}{took}: {_outcomes(runs)}"


def start_headline(runs: pd.DataFrame, seconds: float, before: Mapping[str, int]) -> str:
    """The same for the terminal, at the end of a sweep: how many were trained, how many skipped.

    Args:
        runs: as for `headline`.
        seconds: time to train and record the runs that were not skipped.
        before: how the runs ended that were skipped, as they were recorded before.
    """
    skipped = sum(before.values())
    if not skipped:
        return headline(runs, seconds)
    trained = len(runs) - skipped
    now = f"{trained:,} trained in {seconds:,.1f} s" if trained else "none trained"
    ordered = {name: before.get(name, 0) for name in (*OUTCOMES, WITH_ERROR)}
    which = f": {endings(ordered)}" if trained else ""
    return f"{headline(runs)}; {now}, {skipped:,} skipped (recorded before{which})"


def _outcomes(runs: pd.DataFrame) -> str:
    counts = runs["outcome"].value_counts()
    parts = [f"{counts.get(outcome, 0):,} {outcome}" for outcome in OUTCOMES]
    failed = int((runs["status"] == "FAILED").sum())
    return ", ".join([*parts, f"{failed:,} {WITH_ERROR}"] if failed else parts)


def summarise(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    headline: str,
    keys: Sequence[str],
    notes: Sequence[str] = (),
    drawn: bool = True,
    sequential: float | None = None,
    further: Mapping[str, pd.DataFrame] | None = None,
    asked: bool = True,
) -> Summary:
    """Statistics and figures of runs, by the keys in which they differ.

    Args:
        runs: from `xorlab.load_runs`.
        curves: of those runs or of some of them, from `xorlab.load_curves`.
        headline: the first line, such as that of `headline`.
        keys: of a configuration, without the seed, as their columns in ``runs`` are called.
        notes: further lines.
        drawn: whether to draw figures; without them ``curves`` is not used.
        sequential: where seeds were added until rates were known, the confidence of their
            intervals, which are then valid at any number of looks; None where they were fixed.
            Only then are runs on other draws of the data other settings: each had seeds added.
        further: curves by name, of those runs or of some of them, that are not of the loss.
        asked: whether the runs are in the order in which their settings were asked for, which is
            then that of the report; otherwise values are sorted.
    """
    shared = shared_settings(runs, keys)
    draws = () if sequential is not None else drawn_keys(runs)
    by = settings_columns(runs, [key for key in keys if key not in draws]) or [SETTING]
    if not runs["outcome"].notna().any():
        return Summary(
            headline, runs, curves, by, pd.DataFrame(), shared=shared, notes=tuple(notes)
        )
    # Selecting or grouping rows copies them, and these are a quarter of all columns.
    used = {"run_id", SEED, KEY, *OBSERVED, *start_columns(runs), *event_columns(runs), *by}
    named = runs[[name for name in runs if name in used or str(name).startswith(EVALUATIONS)]]
    if by == [SETTING]:  # the runs have none of the keys
        named = named.assign(**{SETTING: "all runs"})
    named = with_missing_named(named, by)
    if draws and len(named[SEED].unique()) == 1:  # what draws the data counts in place of the seed
        named = named.assign(**{SEED: runs.groupby(draws, dropna=False).ngroup()})
    settings = convergence(named, by=by, cluster=SEED)
    if sequential is not None:
        ends = confidence_sequence(settings["solved"], settings["n"], sequential)
        settings = settings.assign(**dict(zip(("rate_low", "rate_high"), ends, strict=True)))
        settings.attrs[INTERVAL] = f"{100 * sequential:g} % interval valid at any number of looks"
    every = runs.assign(**{name: named[name] for name in (*by, SEED) if name in named})
    kept = counted_runs(every, by, "by")
    clock = clock_of(kept, by)
    costs = None if clock == EPOCHS else convergence(named, by=by, cluster=SEED, time=clock)
    order = _order(named, settings, by, asked)
    grouped = GroupedRuns(kept, by, keys, settings, sequential, costs)
    table = settings_table(grouped).reordered(order)
    settings = settings.iloc[order].reset_index(drop=True)
    costs = settings if costs is None else costs.iloc[order].reset_index(drop=True)
    least = cheapest(costs)
    compared = differences(named, settings, by, least, clock)
    if least is not None:
        few = np.flatnonzero(settings["solved"] < LEAST_SOLVED).tolist()
        least = least.setting_apart(compared.slower.intersection(few))
    best = () if least is None else (least.first, *least.rivals)
    early = int(ended_early(grouped.runs).sum())
    first = answer(settings, by, least, early, costs, clock, if_unsolved(kept))
    generalises = generalisation(grouped.runs, settings, by, draws)
    if generalises is not None and not settings["solved"].any():
        first = f"{generalises.text[0]} {first}"
    return Summary(
        headline,
        runs,
        curves,
        by,
        settings,
        table,
        shared,
        first,
        tuple(basis(every, by, compared, draws, clock)),
        compared.section,
        generalises,
        best=best,
        notes=tuple(notes),
        figures=sweep_figures(named, curves, settings, by, best, further, costs) if drawn else (),
    )


def _order(runs: pd.DataFrame, settings: pd.DataFrame, by: Sequence[str], asked: bool) -> list[int]:
    """The rows of the settings in the order of the report.

    It is the one in which the values of each key first occur, so that a report has the order in
    which a sweep was asked for; or values are sorted.
    """
    values = {name: list(pd.unique(runs[name])) for name in by}
    if not asked:
        values = {name: in_order(own, texts_sorted=True) for name, own in values.items()}
    ranks = {name: {value: n for n, value in enumerate(own)} for name, own in values.items()}
    places = pd.DataFrame({name: settings[name].map(ranks[name]) for name in by})
    return [int(n) for n in places.sort_values(list(by), kind="stable").index]


def parquet(frame: pd.DataFrame) -> bytes:
    """A table as a Parquet file, in which values of one column have one type."""
    file = io.BytesIO()
    # pandas writes attrs into the file too. The address that the runs were read from is no part
    # of it; which columns are params is.
    frame = frame.copy(deep=False)
    frame.attrs = {name: value for name, value in frame.attrs.items() if name == "params"}
    for name in [name for name in frame if frame[name].dtype.kind == "O"]:
        kinds = {type(value) for value in frame[name].dropna()}
        if str in kinds and len(kinds) > 1:
            frame[name] = frame[name].map(short, na_action="ignore").astype("str")
    frame.to_parquet(file, index=False, engine="pyarrow")
    return file.getvalue()
