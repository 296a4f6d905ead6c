"""Add why runs failed to a summary. It is slow, so only reports have it, not sweeps."""

from __future__ import annotations

from dataclasses import replace

from xorlab.analysis.figures.style import png
from xorlab.analysis.labels import with_missing_named
from xorlab.analysis.report.summary import Summary
from xorlab.errors import ConfigError, StoreError
from xorlab.failures.classes import CLASSES, failure_table
from xorlab.failures.diagnose import diagnose
from xorlab.failures.figures import failure_bars

# The first words of the notes that are written here.
_WHY, _NOT_DIAGNOSED = "why", "failures are not diagnosed"


def with_failures(summary: Summary) -> Summary:
    """The summary with a figure of why runs failed, and a note that counts the failures.

    If they cannot be diagnosed, for example without recorded weights, a note says so.
    """
    try:
        diagnosis = diagnose(summary.runs)
    except (ConfigError, StoreError) as error:
        return replace(summary, notes=_with_note(summary, f"{_NOT_DIAGNOSED}: {error}"))
    if diagnosis.empty:
        return summary
    counts = diagnosis["failure"].value_counts()
    classes = ", ".join(f"{counts[name]} {name}" for name in CLASSES if counts.get(name, 0))
    runs = with_missing_named(summary.runs, summary.by)
    table = failure_table(with_missing_named(diagnosis, summary.by), summary.by, runs)
    figures = {**summary.figures, "failures.png": png(failure_bars(table, summary.by))}
    notes = _with_note(summary, f"{_WHY} {len(diagnosis)} runs were not solved: {classes}")
    return replace(summary, figures=figures, notes=notes)


def _with_note(summary: Summary, note: str) -> tuple[str, ...]:
    """The summary's notes with this one in place of an earlier report's note on failures."""
    others = [one for one in summary.notes if not one.startswith((_WHY, _NOT_DIAGNOSED))]
    return (*others, note)
