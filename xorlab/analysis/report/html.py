"""A report of runs as one HTML page that needs neither a network nor scripts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from xorlab.analysis.labels import short, whole_label
from xorlab.analysis.report.column import whole
from xorlab.analysis.report.summary import Summary

_MOST_RUNS = 1000
_MOST_SETTINGS = 500
_ENDING = ("outcome", "final_loss", "max_error", "accuracy", "epochs_run", "epochs_to_solve")
_POOLED = "Runs that differ in keys which a line does not name count together."
_CAPTIONS = {
    "success.png": "How often each setting learns, with the 95 % Wilson interval of the rate.",
    "heatmap.png": "The success rate over two keys; runs that differ in others count together.",
    "survival.png": "The share of runs not solved yet by each epoch (Kaplan & Meier 1958), with "
    f"its 95 % band; a tick is a run that ended there unsolved. {_POOLED}",
    "ert.png": "Epochs to expect until a run is solved, where every run is given up at the cutoff "
    f"and started again with another seed; the dot is the best cutoff. {_POOLED}",
    "curves.png": "The loss along the way: median, middle half and middle 90 % of the runs. "
    f"{_POOLED}",
    "parallel.png": "Every setting as a line through its values to its success rate.",
    "failures.png": "Why the unsolved runs failed.",
}


def report_html(
    title: str,
    summary: Summary,
    facts: Mapping[str, str],
    failed: Sequence[str] = (),
) -> bytes:
    """The page.

    Args:
        title: its heading, such as the name of the sweep.
        summary: what it reports.
        facts: where the runs come from, by name: sweep, experiment, code version and so on.
        failed: jobs that failed, each with its overrides and its reason.

    Returns:
        UTF-8; everything that is not part of the page itself is escaped.
    """
    rows = summary.table.rows()
    columns, cells = _run_cells(summary.runs, summary.by)
    shared = {"every run": whole_label(summary.shared)} if summary.shared else {}
    return page_of(
        "report.html",
        title=title,
        headline=summary.headline,
        facts={**facts, **shared},
        basis=summary.basis,
        findings=summary.findings,
        notes=summary.notes,
        failed=failed,
        keys=len(summary.table.keys),
        header=summary.table.header,
        settings=rows[:_MOST_SETTINGS],
        settings_left=max(0, len(rows) - _MOST_SETTINGS),
        figures=[
            (name, _CAPTIONS.get(name, ""), base64.b64encode(content).decode())
            for name, content in summary.figures.items()
        ],
        columns=columns,
        runs=cells[:_MOST_RUNS],
        runs_left=max(0, len(summary.runs) - _MOST_RUNS),
    )


def page_of(template: str, **values: Any) -> bytes:
    """A page from a template of this package.

    Args:
        template: its file name.
        values: what it needs, by name.

    Returns:
        UTF-8; everything that is not part of the template itself is escaped.
    """
    environment = Environment(
        loader=PackageLoader("xorlab.analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(template).render(**values)
    return page.encode(errors="backslashreplace")  # of what a command line could not decode


def _run_cells(runs: pd.DataFrame, by: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    columns = [name for name in ("name", "seed", *by, *_ENDING) if name in runs]
    rows = runs[columns].head(_MOST_RUNS).to_dict("records")
    return columns, [[_cell(name, row[name]) for name in columns] for row in rows]


def _cell(name: str, value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return "-"
    if name.startswith("epochs") and isinstance(value, float):
        return whole(value)
    return f"{value:.3g}" if name in _ENDING and isinstance(value, float) else short(value)
