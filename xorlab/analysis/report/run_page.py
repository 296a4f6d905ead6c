"""The page of one run: how it ended, its pictures, its numbers, and what other runs did."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xorlab.analysis.report.html import page_of


@dataclass(frozen=True)
class Table:
    """A part of the page.

    Attributes:
        title: its heading.
        rows: of text, all as long as the header if there is one.
        header: names of the columns; empty for none.
        text: paragraphs above the rows.
        wraps: whether the last column is long text.
    """

    title: str
    rows: Sequence[Sequence[str]] = ()
    header: Sequence[str] = ()
    text: Sequence[str] = ()
    wraps: bool = False


def run_page(
    title: str,
    answer: Sequence[str],
    facts: Mapping[str, str],
    figures: Mapping[str, bytes],
    tables: Sequence[Table],
) -> bytes:
    """The page, which needs neither a network nor scripts.

    Args:
        title: its heading, such as the name of the run.
        answer: how the run ended and why, in sentences.
        facts: where the run comes from, by name.
        figures: PNG files by caption.
        tables: parts below the figures, in order.

    Returns:
        UTF-8; everything that is not part of the page itself is escaped.
    """
    return page_of(
        "run.html",
        title=title,
        answer=answer,
        facts=facts,
        figures=[(name, base64.b64encode(png).decode()) for name, png in figures.items()],
        tables=tables,
    )
