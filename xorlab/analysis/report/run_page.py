"""The page of one run: how it ended, its pictures, its numbers, and what other runs did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from xorlab.analysis.counts import counted
from xorlab.analysis.figures.picture import Picture
from xorlab.analysis.report.html import Origin, page_of
from xorlab.analysis.report.section import Section
from xorlab.analysis.statistics.convergence import convergence

OTHER_SEEDS = "Other seeds of this setting"


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


def other_seeds(runs: pd.DataFrame, on: str = "") -> Section:
    """How often other seeds of the run's setting were solved.

    Args:
        runs: these, without the run itself, at least one.
        on: of which patterns, where a setting has runs on several draws of them.
    """
    row = convergence(runs.assign(setting=""), by=["setting"]).iloc[0]
    sentence = (
        f"{row['solved']:,} of {counted(int(row['n']), 'other run')} of this setting{on} "
        f"{'was' if row['n'] == 1 else 'were'} solved: "
        f"{100 * row['rate']:.0f} % (95 % interval {100 * row['rate_low']:.0f} to "
        f"{100 * row['rate_high']:.0f} %)"
    )
    median = row["epochs_median"]
    half = f", half of all runs by epoch {median:,.0f}" if np.isfinite(median) else ""
    return Section(OTHER_SEEDS, [f"{sentence}{half}."])
