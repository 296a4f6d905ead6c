"""What a sweep, or any table of runs, comes to: its settings, its figures and its files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from xorlab.analysis.labels import settings_columns, with_missing_named
from xorlab.analysis.report.findings import claims
from xorlab.analysis.report.success_table import success_markdown
from xorlab.analysis.report.sweep_figures import gallery
from xorlab.analysis.statistics.convergence import convergence
from xorlab.analysis.statistics.times import OBSERVED
from xorlab.networks.result import OUTCOMES

_LONGEST_NOTE = 7500  # characters; MLflow cuts or refuses tags beyond 8,000


@dataclass(frozen=True)
class Summary:
    """A table of runs, summarised.

    Attributes:
        headline: a line: how many runs, in what time, with which outcomes.
        runs: from `xorlab.load_runs`.
        curves: from `xorlab.load_curves`, of these runs, or of some where there are very many.
        by: the columns that make a setting.
        settings: from `xorlab.convergence`; empty where no run has an outcome.
        claims: sentences on which settings differ.
        notes: further lines, such as why an adaptive sweep stopped.
        figures: file name to PNG.
    """

    headline: str
    runs: pd.DataFrame
    curves: pd.DataFrame
    by: list[str]
    settings: pd.DataFrame
    claims: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    figures: dict[str, bytes] = field(default_factory=dict)

    @property
    def markdown(self) -> str:
        """For the description of a parent run: as many settings and notes as it has room for."""
        most = max(len(self.settings), len(self.notes))
        while len(text := self._described(most)) > _LONGEST_NOTE:
            most //= 2
        return text

    def _described(self, most: int) -> str:
        parts = [self.headline]
        if len(self.settings):
            parts.append(success_markdown(self.settings, self.by, most))
        if self.notes:
            left = len(self.notes) - most
            lines = [*self.notes[:most], *([f"and {left} more in report.html"] if left > 0 else [])]
            parts.append("\n".join(f"- {line}" for line in lines))
        return "\n\n".join(parts)

    def tables(self) -> dict[str, bytes]:
        """File name to content: the tidy tables but for that of the curves, as Parquet."""
        made = {"runs.parquet": _parquet(self.runs)}
        if len(self.settings):
            made["settings.parquet"] = _parquet(self.settings)
        return made

    def curves_table(self) -> bytes:
        """The curves as Parquet."""
        return _parquet(self.curves)


def notes_of(markdown: str) -> list[str]:
    """The notes in a description that `Summary.markdown` has made, as far as it had room."""
    last = markdown.rpartition("\n\n")[2].splitlines()
    return [line.removeprefix("- ") for line in last if line.startswith("- ")]


def headline(runs: pd.DataFrame, seconds: float | None = None, skipped: int = 0) -> str:
    """How many runs, in what time, with which outcomes.

    Args:
        runs: from `xorlab.load_runs`.
        seconds: that training and recording took, of those that were not skipped; None where
            nobody knows.
        skipped: how many of the runs were finished before.
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
    told: str,
    notes: Sequence[str] = (),
    drawn: bool = True,
) -> Summary:
    """Statistics and figures of runs, by whatever differs between them.

    Args:
        runs: from `xorlab.load_runs`.
        curves: of those runs or of some of them, from `xorlab.load_curves`.
        told: the headline.
        notes: further lines.
        drawn: whether with figures; without, curves are not looked at.
    """
    by = settings_columns(runs)
    if not runs["outcome"].notna().any():
        return Summary(told, runs, curves, by, pd.DataFrame(), notes=tuple(notes))
    # Whatever selects or groups rows copies them, and these are a quarter of all columns.
    looked_at = {"run_id", *OBSERVED, *by}
    named = with_missing_named(runs[[name for name in runs if name in looked_at]], by)
    settings = convergence(named, by=by)
    figures = gallery(named, curves, settings, by) if drawn else {}
    said = tuple(claims(named, settings, by))
    return Summary(told, runs, curves, by, settings, said, tuple(notes), figures)


def _parquet(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    # Without the address that the runs were read from, which pandas would write into the file.
    frame = frame.copy(deep=False)
    frame.attrs = {}
    frame.to_parquet(file, index=False, engine="pyarrow")
    return file.getvalue()
