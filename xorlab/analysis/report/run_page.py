"""The page of one run: how it ended, its pictures, its numbers, and what other runs did."""

from __future__ import annotations

from collections.abc import Sequence

from xorlab.analysis.figures.picture import Picture
from xorlab.analysis.report.html import Origin, page_of
from xorlab.analysis.report.section import Section


def run_page(
    title: str,
    answer: Sequence[str],
    origin: Origin,
    figures: Sequence[Picture],
    sections: Sequence[Section],
) -> bytes:
    """The page, which needs neither a network nor scripts.

    Args:
        title: its heading, such as the name of the run.
        answer: how the run ended and why, in sentences.
        origin: where the run comes from.
        figures: in order.
        sections: parts below the figures, in order.

    Returns:
        UTF-8; everything that is not part of the page itself is escaped.
    """
    return page_of(
        "run.html",
        title=title,
        answer=answer,
        origin=origin,
        figures=figures,
        sections=sections,
    )
