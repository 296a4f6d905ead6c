"""The table of published values as Markdown, for a page of its own and for the README."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from xorlab.studies.notebook import NOTEBOOK, NotebookRow
from xorlab.studies.replication.registry import MODULES, STUDIES

OPENING, CLOSING = "<!-- studies -->", "<!-- /studies -->"
_TITLE = """\
# Published results, and what xorlab measures

Written by `make studies` from tracked runs; each study is a preset that says what its paper leaves
unsaid and what was chosen.

A row agrees where the published value, to its printed digits, lies in the range that holds 95 % of
the estimates from samples as large as the paper's, drawn from our networks. Where a paper states an
uncertainty of its own, or not how many networks it had, the 95 % interval of ours takes the place
of that range. Of rows that are right one in twenty falls outside by chance.

Only independent statements are counted. A row in brackets is shown and not counted: it follows
from other rows (as the epochs per solution from the success rate and the mean epochs), it is our
reading of a word or of a figure's axis, its protocol was chosen after another one had been seen
not to agree (post hoc), or so much of its protocol is unsaid that only the order of magnitude is
compared, within a factor of the root of 10. The notebook is the NumPy loop that xorlab began as:
its rows are a check of identity, and not counted either.

"Measured" is the estimate from all our networks with its 95 % interval. Brackets in the published
column hold what the source prints beside the number: a standard deviation, or a count. Each
notebook says what its paper leaves open, which rows do not agree, and what was tried to find out
why.
"""
COLUMNS = ("quantity", "published", "measured [95 %]", "in samples of the paper's size", "agrees")
_OVERVIEW_COLUMNS = ("source", "independent statements that agree", "notebook")
_README_COLUMNS = ("source", "quantity", "published", "measured [95 %]", "agrees")


def full_page(rows: pd.DataFrame, notebook: Iterable[NotebookRow]) -> str:
    """All published values: a table for each source, with the command that repeats it.

    Args:
        rows: from `xorlab.studies.replication.agreement.agreement_table`.
        notebook: from `xorlab.studies.notebook.notebook_rows`.
    """
    parts = [
        _TITLE,
        _table(_OVERVIEW_COLUMNS, _overview(rows)),
        f"## {NOTEBOOK.source.capitalize()}\n",
        _command(NOTEBOOK.preset),
        _table(COLUMNS, _notebook_cells(notebook)),
    ]
    for study, own in rows.groupby("study", sort=False):
        n = f"{int(own['n'].iloc[0]):,} networks"
        parts += [
            f"## {own['source'].iloc[0]}\n",
            _command(str(study), n),
            _table(COLUMNS, [row_cells(row) for row in own.to_dict("records")]),
        ]
    return "\n".join(parts)


def readme_table(rows: pd.DataFrame, notebook: Iterable[NotebookRow]) -> str:
    """One short table with one or two values of each study, and how many of all agree.

    Args:
        rows: from `xorlab.studies.replication.agreement.agreement_table`.
        notebook: from `xorlab.studies.notebook.notebook_rows`.
    """
    exact = _notebook_cells(notebook)
    short = [
        row | {"published": "as printed", "measured [95 %]": "the same"}
        if row["agrees"] == "yes"
        else row
        for row in exact
    ]
    chosen = {
        (study.preset, value.quantity)
        for study in STUDIES.values()
        for value in study.published
        if value.in_readme
    }
    short += [
        row_cells(row)
        for row in rows.to_dict("records")
        if (row["study"], row["quantity"]) in chosen
    ]
    return f"{_table(_README_COLUMNS, short)}\n{_summary(rows)}"


def replace_between_markers(text: str, inner: str) -> str:
    """Replace the text between the two markers; a text without both is returned unchanged."""
    before, opening, rest = text.partition(OPENING)
    _, closing, after = rest.partition(CLOSING)
    if not (opening and closing):
        return text
    return f"{before}{OPENING}\n{inner}\n{CLOSING}{after}"


def short_number(value: float) -> str:
    """A number in few digits: one after the point below 100, else none."""
    if not np.isfinite(value):
        return "none" if np.isnan(value) else "unbounded"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:.0f}"


def _notebook_cells(notebook: Iterable[NotebookRow]) -> list[dict[str, str]]:
    return [
        {
            "source": NOTEBOOK.source,
            "quantity": quantity,
            "published": printed,
            "measured [95 %]": ours,
            "agrees": _yes(same),
            "in samples of the paper's size": "",
        }
        for quantity, printed, ours, same in notebook
    ]


def row_cells(row: Mapping[Any, Any]) -> dict[str, str]:
    """The cells of a published value, by the titles of the tables' columns."""
    ours, low, high, least, most = (
        short_number(row[name])
        for name in ("estimate", "low", "high", "expected_low", "expected_high")
    )
    return {
        "source": row["source"],
        "quantity": row["quantity"],
        "published": row["published"],
        "measured [95 %]": f"{ours} [{low}, {high}]",
        "in samples of the paper's size": f"{least} to {most}",
        "agrees": _verdict(row),
    }


def _summary(rows: pd.DataFrame) -> str:
    """How many independent statements agree, of all and of each author."""
    counted = rows[rows["counted"]]
    author = counted["source"].str.partition(",")[0]
    parts = [
        f"{name} {int(own['agrees'].sum())} of {len(own)}"
        for name, own in counted.groupby(author, sort=False)
    ]
    return (
        f"{int(counted['agrees'].sum())} of {len(counted)} independent statements agree "
        f"({'; '.join(parts)}). Rows that follow from others or are our own readings are not "
        "counted: [all of them](experiments/published.md)."
    )


def _overview(rows: pd.DataFrame) -> list[dict[str, str]]:
    """A row for each author: how many independent statements agree, and where to read why."""
    found = []
    for name, own in rows.groupby(rows["source"].str.partition(",")[0], sort=False):
        counted = own[own["counted"]]
        agree = f"{int(counted['agrees'].sum())} of {len(counted)}"
        notebooks = dict.fromkeys(MODULES[study] for study in own["study"])
        cells = (
            str(name),
            agree if len(counted) else "none is counted",
            ", ".join(f"[{module}]({module}.ipynb)" for module in notebooks),
        )
        found.append(dict(zip(_OVERVIEW_COLUMNS, cells, strict=True)))
    return found


def _verdict(row: Mapping[Any, Any]) -> str:
    if not row["testable"]:
        return f"not testable: {row['remark']}"
    agrees = _yes(row["agrees"])
    return f"({agrees}; {row['remark']})" if row["remark"] else agrees


def _command(study: str, n: str = "") -> str:
    return f"`xorlab -m +study={study}`{', ' + n if n else ''}\n"


def _yes(agrees: bool) -> str:
    return "yes" if agrees else "**no**"


def _table(columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    columns = list(columns)
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    body = ["| " + " | ".join(row[name] for name in columns) + " |" for row in rows]
    return "\n".join([*head, *body]) + "\n"
