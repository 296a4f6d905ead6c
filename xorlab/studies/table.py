"""The table of published results as Markdown, and its place in a longer text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from xorlab.studies.claims import SOURCES

OPENING, CLOSING = "<!-- studies -->", "<!-- /studies -->"
_TITLE = """\
# Published results, and what xorlab measures

Written by `make studies` from tracked runs; each study is a preset that says what its paper leaves
unsaid and what was chosen.

A row agrees where the published value, to its printed digits, lies in the range that holds 95 % of
the estimates from samples as large as the paper's, drawn from our networks. Where a paper states an
uncertainty of its own, or not how many networks it had, the 95 % interval of ours takes the place
of that range. Of rows that are right one in twenty falls outside by chance. Rows marked post hoc
use a protocol that was chosen after another had been seen not to agree: shown, but not counted.
"""
_COLUMNS = ("quantity", "published", "measured [95 %]", "in samples of the paper's size", "agrees")
_BRIEF = ("source", "quantity", "published", "measured [95 %]", "agrees")
# What a reader wants first: one or two rows of each study.
_CHOSEN = (
    ("hamey1991", "e, largest efficiency"),
    ("hamey1991", "T_E, best cutoff / epochs"),
    ("hamey1991", "solved in 2,000 epochs / %"),
    ("kramer1988", "solved / %"),
    ("kramer1988", "EES, epochs per solution"),
    ("kramer1988_parity", "solved / %"),
    ("kramer1988_parity", "mean epochs of the solved"),
    ("kolen1990", "not solved, range 2 to 4, largest / %"),
    ("tr_xor", "solved / %"),
    ("tr_xor", "epochs, median"),
)


def markdown(
    rows: pd.DataFrame, notebook: Iterable[tuple[str, str, str, bool]], brief: bool = False
) -> str:
    """The table.

    Args:
        rows: from `xorlab.studies.claims.published`.
        notebook: from `xorlab.studies.claims.notebook_rows`.
        brief: one table with the first rows of each study, for a README; else all of them, a table
            a source with the command that repeats it.
    """
    exact = [
        {
            "source": SOURCES["notebook"].name,
            "quantity": name,
            "published": printed,
            "measured [95 %]": ours,
            "agrees": _yes(same),
            "in samples of the paper's size": "",
        }
        for name, printed, ours, same in notebook
    ]
    if brief:
        chosen = [
            _cells(row)
            for row in rows.to_dict("records")
            if (row["study"], row["quantity"]) in _CHOSEN
        ]
        short = [
            row | {"published": "as printed", "measured [95 %]": "the same"}
            if row["agrees"] == "yes"
            else row
            for row in exact
        ]
        first = rows[~rows["post_hoc"]]
        agreeing = int(first["agrees"].sum()) + sum(row["agrees"] == "yes" for row in exact)
        whole = f"{agreeing} of {len(first) + len(exact)} published numbers agree"
        return (
            f"{_table(_BRIEF, short + chosen)}\n{whole}: [all of them](experiments/published.md)."
        )
    parts = [
        _TITLE,
        f"## {SOURCES['notebook'].name.capitalize()}\n",
        _command("notebook"),
        _table(_COLUMNS, exact),
    ]
    for study, own in rows.groupby("study", sort=False):
        n = f"{int(own['n'].iloc[0]):,} networks"
        parts += [
            f"## {own['source'].iloc[0]}\n",
            _command(str(study), n),
            _table(_COLUMNS, [_cells(row) for row in own.to_dict("records")]),
        ]
    return "\n".join(parts)


def between_markers(text: str, inner: str) -> str:
    """Replace what is between two markers, and leave a text without them as it is."""
    before, opening, rest = text.partition(OPENING)
    _, closing, after = rest.partition(CLOSING)
    if not (opening and closing):
        return text
    return f"{before}{OPENING}\n{inner}\n{CLOSING}{after}"


def number(value: float) -> str:
    """With four digits, or all of a large one."""
    if not np.isfinite(value):
        return "none" if np.isnan(value) else "unbounded"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:.0f}"


def _cells(row: Mapping[Any, Any]) -> dict[str, str]:
    ours, low, high, least, most = (
        number(row[name]) for name in ("estimate", "low", "high", "expected_low", "expected_high")
    )
    return {
        "source": row["source"],
        "quantity": row["quantity"],
        "published": row["published"],
        "measured [95 %]": f"{ours} [{low}, {high}]",
        "in samples of the paper's size": f"{least} to {most}",
        "agrees": _yes(row["agrees"]) + (" (post hoc)" if row["post_hoc"] else ""),
    }


def _command(study: str, n: str = "") -> str:
    return f"`xorlab -m +study={study}`{', ' + n if n else ''}\n"


def _yes(agrees: bool) -> str:
    return "yes" if agrees else "**no**"


def _table(columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    columns = list(columns)
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    body = ["| " + " | ".join(row[name] for name in columns) + " |" for row in rows]
    return "\n".join([*head, *body]) + "\n"
