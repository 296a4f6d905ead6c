"""The summary of a sweep, or of any table of runs: its settings, findings, figures and files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from xorlab.analysis.labels import (
    SETTING,
    settings_columns,
    shared_settings,
    short,
    with_missing_named,
)
from xorlab.analysis.report.basis import basis
from xorlab.analysis.report.column import GroupedRuns
from xorlab.analysis.report.findings import findings
from xorlab.analysis.report.settings_table import SettingsTable, settings_table
from xorlab.analysis.report.sweep_figures import sweep_figures
from xorlab.analysis.statistics.convergence import convergence
from xorlab.analysis.statistics.design import start_columns
from xorlab.analysis.statistics.times import KEY, OBSERVED, OUTCOMES, SEED, counted_runs

_LONGEST_NOTE = 7500  # characters; MLflow cuts or refuses tags beyond 8,000


@dataclass(frozen=True)
class Summary:
    """A table of runs, summarised.

    Attributes:
        headline: one line: how many runs, in what time, with which outcomes.
        runs: from `xorlab.load_runs`.
        curves: from `xorlab.load_curves`, of these runs, or of some of very many.
        by: the columns that make a setting.
        settings: from `xorlab.convergence`; empty where no run has an outcome.
        table: of the settings, for a reader.
        shared: the keys with the same value in every run, and that value.
        basis: sentences on what was pooled, paired or left out.
        findings: sentences on which settings differ.
        notes: further lines, such as why an adaptive sweep stopped.
        figures: PNG files by name.
    """

    headline: str
    runs: pd.DataFrame
    curves: pd.DataFrame
    by: list[str]
    settings: pd.DataFrame
    table: SettingsTable = SettingsTable()
    shared: dict[str, Any] = field(default_factory=dict)
    basis: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: dict[str, bytes] = field(default_factory=dict)

    @property
    def markdown(self) -> str:
        """The description of a parent run, with as many settings and notes as fit into it."""
        most = max(len(self.settings), len(self.notes))
        while len(text := self._described(most)) > _LONGEST_NOTE and most:
            most //= 2
        return text[:_LONGEST_NOTE]

    def _described(self, most: int) -> str:
        parts = [self.headline]
        if len(self.settings):
            parts.append(self.table.markdown(most))
        if self.notes:
            left = len(self.notes) - most
            lines = [*self.notes[:most], *([f"and {left} more in report.html"] if left > 0 else [])]
            parts.append("\n".join(f"- {line}" for line in lines))
        return "\n\n".join(parts)

    def tables(self) -> dict[str, bytes]:
        """The tables as Parquet files by name, except that of the curves."""
        made = {"runs.parquet": parquet(self.runs)}
        if len(self.settings):
            made["settings.parquet"] = parquet(self.settings)
        return made

    def curves_table(self) -> bytes:
        """The curves as Parquet."""
        return parquet(self.curves)


def notes_of(markdown: str) -> list[str]:
    """The notes in a description made by `Summary.markdown`, as many as fitted into it."""
    last = markdown.rpartition("\n\n")[2].splitlines()
    return [line.removeprefix("- ") for line in last if line.startswith("- ")]


def headline(runs: pd.DataFrame, seconds: float | None = None, skipped: int = 0) -> str:
    """How many runs, in what time, with which outcomes.

    Args:
        runs: from `xorlab.load_runs`.
        seconds: time to train and record the runs that were not skipped; None if unknown.
        skipped: how many of the runs had finished in an earlier sweep.
    """
    counts = runs["outcome"].value_counts()
    parts = [f"{counts.get(outcome, 0)} {outcome}" for outcome in OUTCOMES]
    failed = int((runs["status"] == "FAILED").sum())
    parts += [f"{failed} failed"] if failed else []
    took = "" if seconds is None else f" in {seconds:.1f} s"
    if not skipped:
        return f"{len(runs)} runs{took}: {', '.join(parts)}"
    trained = len(runs) - skipped
    now = f"{trained} trained{took}" if trained else "none trained"
    return f"{len(runs)} runs: {', '.join(parts)}; {now}, {skipped} skipped (finished before)"


def summarise(
    runs: pd.DataFrame,
    curves: pd.DataFrame,
    headline: str,
    keys: Sequence[str],
    notes: Sequence[str] = (),
    drawn: bool = True,
) -> Summary:
    """Statistics and figures of runs, by the keys in which they differ.

    Args:
        runs: from `xorlab.load_runs`.
        curves: of those runs or of some of them, from `xorlab.load_curves`.
        headline: the first line, such as that of `headline`.
        keys: of a configuration, without the seed, as their columns in ``runs`` are called.
        notes: further lines.
        drawn: whether to draw figures; without them ``curves`` is not used.
    """
    shared = shared_settings(runs, keys)
    by = settings_columns(runs, keys) or [SETTING]
    if not runs["outcome"].notna().any():
        return Summary(
            headline, runs, curves, by, pd.DataFrame(), shared=shared, notes=tuple(notes)
        )
    # Selecting or grouping rows copies them, and these are a quarter of all columns.
    used = {"run_id", SEED, KEY, *OBSERVED, *start_columns(runs), *by}
    named = runs[[name for name in runs if name in used]]
    if by == [SETTING]:  # the runs have none of the keys
        named = named.assign(**{SETTING: "all runs"})
    named = with_missing_named(named, by)
    settings = convergence(named, by=by, cluster=SEED)
    whole = runs.assign(**{name: named[name] for name in by})
    counted = counted_runs(whole, by, "by")
    return Summary(
        headline,
        runs,
        curves,
        by,
        settings,
        settings_table(GroupedRuns(counted, by, keys, settings)),
        shared,
        tuple(basis(whole, by)),
        tuple(findings(named, settings, by)),
        tuple(notes),
        sweep_figures(named, curves, settings, by) if drawn else {},
    )


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
