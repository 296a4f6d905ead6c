"""A part of a page: a heading, sentences, a table, and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xorlab.analysis.figures.picture import Picture


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: its heading.
        text: paragraphs above the rows.
        header: names of the columns; empty for none.
        rows: of text, all as long as the header if there is one.
        names: how many columns, from the left, are names: they are aligned to the left.
        wraps: whether the last column is long text.
        more: rows that are folded away below the others.
        note: a paragraph below the rows, or several lines that are one each.
        picture: a figure above the rows, or None.
        keys: whether the names are the keys of a setting.
    """

    title: str
    text: Sequence[str] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    names: int = 1
    wraps: bool = False
    more: Sequence[Sequence[str]] = ()
    note: str = ""
    picture: Picture | None = None
    keys: bool = False
