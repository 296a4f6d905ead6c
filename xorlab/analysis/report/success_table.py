"""The table of settings that a sweep prints, describes itself with, and reports."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from xorlab.analysis.labels import short

MOST_ROWS = 60
_HEADER = (
    "runs",
    "solved",
    "rate",
    "95 % interval",
    "epochs (median)",
    "ERT",
    "best cutoff",
    "ERT there",
    "diverged",
)


def success_cells(statistics: pd.DataFrame, by: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Header and rows as text, one row per setting.

    Args:
        statistics: from `xorlab.convergence`.
        by: the columns that make a setting.
    """
    rows = [
        [
            *(short(row[name]) for name in by),
            str(row["n"]),
            str(row["solved"]),
            f"{100 * row['rate']:.0f} %",
            f"{100 * row['rate_low']:.0f}-{100 * row['rate_high']:.0f} %",
            number(row["epochs_median"]),
            number(row["ert"]),
            number(row["cutoff"]),
            number(row["ert_cutoff"]),
            str(row["diverged"]),
        ]
        for row in statistics.to_dict("records")
    ]
    return [*by, *_HEADER], rows


def success_markdown(statistics: pd.DataFrame, by: Sequence[str], most: int = MOST_ROWS) -> str:
    """The same as a Markdown table, its first rows where there are more than ``most``."""
    header, rows = success_cells(statistics, by)
    lines = [_line(header), _line(["---"] * len(header)), *map(_line, rows[:most])]
    if len(rows) > most:
        lines += ["", f"and {len(rows) - most} more settings in settings.parquet"]
    return "\n".join(lines)


def number(value: float) -> str:
    """A count or a time to its last whole unit; a dash where there is none."""
    if math.isnan(value):
        return "-"
    return "infinite" if math.isinf(value) else f"{value:.0f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
