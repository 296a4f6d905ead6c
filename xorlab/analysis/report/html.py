"""A report of runs as one HTML page that needs neither a network nor scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from xorlab.analysis.counts import counted
from xorlab.analysis.labels import headers, short
from xorlab.analysis.report.column import whole
from xorlab.analysis.report.summary import Summary

_LONGEST_LEAD = 155  # letters of the first sentence
_LEAD = 2  # figures below the first sentence
_MOST_RUNS = 1000
_MOST_SETTINGS = 500
_FAILED = "FAILED"
_ID = 8  # digits of an id that the commands take
_ENDING = ("outcome", "final_loss", "max_error", "accuracy", "epochs_run", "epochs_to_solve")


@dataclass(frozen=True)
class Origin:
    """Where the runs of a page come from.

    Attributes:
        facts: by name: sweep, command, code version and so on.
        date: when the runs were made, such as ``26 November 2026``; empty if unknown.
        experiment: that they belong to; empty if unknown.
        link: address of the runs in the tracking server's pages; empty for none.
        serve: the command that serves that address; empty where a server does.
        run_link: address of the page of one run, with ``RUN_ID`` in place of its id; empty for
            none.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    experiment: str = ""
    link: str = ""
    serve: str = ""
    run_link: str = ""


def report_html(
    title: str,
    summary: Summary,
    origin: Origin | None = None,
    failed: Sequence[str] = (),
) -> bytes:
    """The page.

    Args:
        title: its heading, such as the name of the sweep.
        summary: what it reports.
        origin: where the runs come from.
        failed: runs that ended in an error, each with its overrides and its reason.

    Returns:
        UTF-8; everything that is not part of the page itself is escaped.
    """
    origin = origin or Origin()
    lead, more = _in_two(summary.answer)
    rows = summary.table.rows()
    columns, cells, ids = _run_cells(summary.runs, summary.by)
    shown = [figure for figure in summary.figures if figure.caption]
    return page_of(
        "report.html",
        title=title,
        answer=lead,
        more=more,
        headline=summary.headline,
        origin=origin,
        shared={name: short(value) for name, value in summary.shared.items()},
        basis=summary.basis,
        sections=[
            one
            for one in (
                summary.differences,
                summary.generalisation,
                summary.confusion,
                summary.failures,
            )
            if one is not None
        ],
        notes=summary.notes,
        failed=failed,
        keys=headers([column.title for column in summary.table.keys]),
        columns=summary.table.columns,
        settings=rows[:_MOST_SETTINGS],
        best=summary.best,
        settings_left=counted(max(0, len(rows) - _MOST_SETTINGS), "more setting"),
        settings_cut=len(rows) > _MOST_SETTINGS,
        lead=shown[:_LEAD],
        figures=shown[_LEAD:],
        run_columns=columns,
        runs=cells,
        run_links=[origin.run_link.replace("RUN_ID", one) for one in ids] if ids else [],
        runs_title=counted(len(cells), "run"),
        runs_left=max(0, len(summary.runs) - _MOST_RUNS),
    )


def _in_two(answer: str) -> tuple[str, str]:
    """A long answer in a leading sentence and the rest of it."""
    parts = answer.split("; ")
    count = max(1, sum(len("; ".join(parts[: n + 1])) <= _LONGEST_LEAD for n in range(len(parts))))
    if count == len(parts):
        return answer, ""
    rest = "; ".join(parts[count:])
    named = "=" in rest.partition(" ")[0]  # a setting is not written with a capital
    return f"{'; '.join(parts[:count])}.", rest if named else f"{rest[:1].upper()}{rest[1:]}"


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


def _run_cells(
    runs: pd.DataFrame, by: Sequence[str]
) -> tuple[list[str], list[list[str]], list[str]]:
    """The columns of the table of runs, its cells, failed runs first, and the ids of its rows."""
    if "status" in runs:
        runs = runs.sort_values("status", kind="stable", key=lambda status: status != _FAILED)
    shown = runs.head(_MOST_RUNS)
    columns = [name for name in ("name", "seed", *by, *_ENDING) if name in runs]
    cells = [[_cell(name, row[name]) for name in columns] for row in shown.to_dict("records")]
    if "status" in runs and "outcome" in columns:
        for row, failed in zip(cells, shown["status"] == _FAILED, strict=True):
            if failed:
                row[columns.index("outcome")] = "error"
    if "run_id" not in runs:
        return columns, cells, []
    ids = shown["run_id"].astype(str).tolist()
    return ["run", *columns], [[one[:_ID], *row] for one, row in zip(ids, cells, strict=True)], ids


def _cell(name: str, value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return "-"
    if name.startswith("epochs") and isinstance(value, float):
        return whole(value)
    return f"{value:.3g}" if name in _ENDING and isinstance(value, float) else short(value)
