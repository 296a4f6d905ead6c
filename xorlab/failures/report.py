"""Why runs failed, added to a summary: slower than the rest, so that only reports have it."""

from __future__ import annotations

from dataclasses import replace

from xorlab.analysis.figures.style import png
from xorlab.analysis.labels import with_missing_named
from xorlab.analysis.report.summary import Summary
from xorlab.errors import ConfigError, StoreError
from xorlab.failures.classes import CLASSES, failure_table
from xorlab.failures.diagnose import diagnose
from xorlab.failures.figures import failure_bars

# How the notes begin that are made here.
_WHY, _NOT_DIAGNOSED = "why", "failures are not diagnosed"


def with_failures(summary: Summary) -> Summary:
    """The same with a figure of why its unsolved runs failed, and a line that counts them.

    What cannot be diagnosed, as without recorded weights, is a line that says so.
    """
    try:
        diagnosis = diagnose(summary.runs)
    except (ConfigError, StoreError) as error:
        return replace(summary, notes=_with_note(summary, f"{_NOT_DIAGNOSED}: {error}"))
    if diagnosis.empty:
        return summary
    counts = diagnosis["failure"].value_counts()
    told = ", ".join(f"{counts[name]} {name}" for name in CLASSES if counts.get(name, 0))
    runs = with_missing_named(summary.runs, summary.by)
    table = failure_table(with_missing_named(diagnosis, summary.by), summary.by, runs)
    figures = {**summary.figures, "failures.png": png(failure_bars(table, summary.by))}
    notes = _with_note(summary, f"{_WHY} {len(diagnosis)} runs were not solved: {told}")
    return replace(summary, figures=figures, notes=notes)


def _with_note(summary: Summary, note: str) -> tuple[str, ...]:
    """In place of what an earlier report has said of failures."""
    others = [one for one in summary.notes if not one.startswith((_WHY, _NOT_DIAGNOSED))]
    return (*others, note)
